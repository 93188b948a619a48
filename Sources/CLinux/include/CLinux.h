#ifndef CLINUX_H
#define CLINUX_H
// What `import Glibc` does not show: one header for each idea.
#include "loop.h"
#include "supervision.h"
#endif
