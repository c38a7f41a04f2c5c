// What the elements are among which an object lies, by the program's debug information.
//
//   a function that says          name           answer
//   Account& first                "first"        Account
//   std::vector<Account> all      "all"          Account
//   this->accounts_, a vector     "accounts_"    Account
//
// Threads     None: one caller at a time.
#pragma once

#include <elfutils/libdw.h>

#include <optional>
#include <string>

#include "interleave/report/symbols.hpp"

namespace interleave {

// Of what `function` calls `name`: a variable, a parameter, or a member of its own class. Nothing
// if it calls nothing so, or two things of different size.
[[nodiscard]] std::optional<Element> element_called(Dwarf_Die function,
                                                    const std::string& name);

}  // namespace interleave
