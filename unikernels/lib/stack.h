/* The layers together: what stands above Ethernet, and the loop that serves it. */
#ifndef LIB_STACK_H
#define LIB_STACK_H

#include "ethernet.h"

/* Starts that many interfaces, see ethernet_start, and what uses them. */
void stack_start(const char *cmdline, size_t count);

/* Handles at most a frame of each interface; waits so long if there is none. */
void stack_turn(uint64_t microseconds);

#endif
