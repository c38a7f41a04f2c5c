// Includes itself again and again.

#include "slot.hpp"
