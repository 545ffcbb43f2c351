/*
 * What a platform gives to the conformance guest (src/conformance.c), besides
 * guest_write(), guest_abort(), guest_fault() and guest_hang() of guest.h, and
 * the call of guest_main().  A new backend needs no more than guest_end().
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include "guest.h"

/* Ends the guest, which passes this status on: 0 to 255, and 0 is success. */
_Noreturn void guest_end(uint32_t status);

/*
 * A platform may have these of its own: how many processors the guest was
 * given (else 1), a write that traps (else to address 0), and how the stack is
 * used up, where what is below that in use is not guarded: by a call of
 * conformance_use_up() on another.
 */
uint32_t guest_cpus(void);
void guest_write_to_null(void);
void guest_use_up_stack(void);

/* From src/conformance.c: it does not return. */
void conformance_use_up(void);

#endif
