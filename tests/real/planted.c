/* The same as counted.c, and a thousandth more work. */
#define ROUNDS 100100
#include "counted.c"
