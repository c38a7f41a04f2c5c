// How large the elements are among which an object lies, by the program's debug information.
//
//   a function that says          name           answer
//   Account& account              "account"      sizeof(Account)
//   std::vector<Account> all      "all"          sizeof(Account)
//   this->accounts_, a vector     "accounts_"    sizeof(Account)
//
// Threads     None: one caller at a time.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <string>

namespace interleave {

// Of what `function` calls `name`: a variable, a parameter, or a member of its own class. Nothing
// if it calls nothing so, or two things of different size.
[[nodiscard]] std::optional<std::uint64_t> element_size(Dwarf_Die function,
                                                        const std::string& name);

}  // namespace interleave
