// Opens a page in the person's browser.
#pragma once

#include <string>

namespace course::cli {

// Hands `page`, a file or an address, to the desktop's opener and returns at once; the browser
// outlives this program. False where there is none.
bool open_in_browser(const std::string& page);

}  // namespace course::cli
