/*
 * What the three QEMU platforms share.  Solo5 brings its own console, trap
 * handler and exit call, and does not use this.
 */
#ifndef LIB_BAREMETAL_H
#define LIB_BAREMETAL_H

#include "guest.h"

/* Each platform.c defines these: sends a byte to the console. */
void platform_put_byte(uint8_t byte);
/* Called after some bytes, which shall be seen now. */
void platform_flush(void);

/* From platform/, too: for loops that wait. */
void platform_relax(void);
/* Lets the host have the processor; at most so long. */
void platform_nap(uint64_t microseconds);

/* Starts the unikernel; its return counts as passed. */
_Noreturn void baremetal_run(const char *cmdline);

/* Called by exception handlers; name may be NULL if it has none. */
_Noreturn void baremetal_trap(const char *name, uint64_t number, uint64_t pc);

/* The end of an abort and a trap; a unikernel may have one of its own. */
_Noreturn void baremetal_fail(enum guest_status status);

/* For machines with no way to hand an exit status to QEMU. */
void baremetal_put_exit_line(enum guest_status status);

#endif
