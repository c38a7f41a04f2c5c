// Includes another's answer.
#pragma once

#include "red_team/right/slot.hpp"
