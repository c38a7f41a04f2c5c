#include "interleave/report/element.hpp"

#include <dwarf.h>

#include <string_view>

#include "interleave/report/debug_entries.hpp"

namespace interleave {
namespace {

std::optional<Dwarf_Die> linked(Dwarf_Die die, unsigned attribute_name) {
  Dwarf_Attribute attribute;
  Dwarf_Die target;
  if (dwarf_attr_integrate(&die, attribute_name, &attribute) == nullptr ||
      dwarf_formref_die(&attribute, &target) == nullptr) {
    return std::nullopt;
  }
  return target;
}

bool is_called(Dwarf_Die die, std::string_view name) {
  const char* const own = dwarf_diename(&die);
  return own != nullptr && own == name;
}

bool is_reference(int tag) {
  return tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type ||
         tag == DW_TAG_pointer_type;
}

// The type of a variable, by whatever name; `referred_to`: that of what it points or refers to.
std::optional<Dwarf_Die> type_of(Dwarf_Die variable, bool referred_to) {
  std::optional<Dwarf_Die> type = linked(variable, DW_AT_type);
  while (type) {
    const int tag = dwarf_tag(&*type);
    const bool is_name = tag == DW_TAG_const_type || tag == DW_TAG_typedef;
    if (!is_name && !(referred_to && is_reference(tag))) break;
    type = linked(*type, DW_AT_type);
  }
  return type;
}

// Of a vector its elements' type; of another class that itself.
std::optional<Dwarf_Die> element_of(Dwarf_Die type) {
  const char* const name = dwarf_diename(&type);
  if (name == nullptr || !std::string_view(name).starts_with("vector<")) return type;
  std::optional<Dwarf_Die> element;
  for_each_child(type, [&](Dwarf_Die child) {
    if (!element && dwarf_tag(&child) == DW_TAG_template_type_parameter)
      element = type_of(child, false);
  });
  return element;
}

// Visits the variables and parameters of a function, those of its blocks included.
template <typename Visit>
void for_each_variable(Dwarf_Die scope, Visit visit) {
  for_each_child(scope, [&](Dwarf_Die child) {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) visit(child);
    if (tag == DW_TAG_lexical_block) for_each_variable(child, visit);
  });
}

}  // namespace

std::optional<Element> element_called(Dwarf_Die function, const std::string& name) {
  // Of an inlined copy, the function that it is a copy of has all variables.
  while (const auto original = linked(function, DW_AT_abstract_origin)) {
    if (original->addr == function.addr) break;
    function = *original;
  }
  std::optional<Element> found;
  bool unclear = false;
  const auto meet = [&](Dwarf_Die variable) {
    const std::optional<Dwarf_Die> type = type_of(variable, true);
    std::optional<Dwarf_Die> element = type ? element_of(*type) : std::nullopt;
    Dwarf_Word bytes = 0;
    if (!element || dwarf_aggregate_size(&*element, &bytes) != 0 || bytes == 0) return;
    unclear = unclear || (found && found->size != bytes);
    const char* const type_name = dwarf_diename(&*element);
    found = {bytes, type_name == nullptr ? "" : type_name};
  };
  for_each_variable(function, [&](Dwarf_Die variable) {
    if (is_called(variable, name)) meet(variable);
    if (!is_called(variable, "this")) return;
    if (const std::optional<Dwarf_Die> type = type_of(variable, true)) {
      for_each_child(*type, [&](Dwarf_Die member) {
        const bool is_member = dwarf_tag(&member) == DW_TAG_member;
        if (is_member && is_called(member, name)) meet(member);
      });
    }
  });
  return unclear ? std::nullopt : found;
}

}  // namespace interleave
