#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int doctor(const Common&, const DoctorOptions&) { throw std::runtime_error("doctor is not built yet"); }

}  // namespace course::cli
