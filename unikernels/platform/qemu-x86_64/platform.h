/* What the ends of the conformance guest need of the platform, and share. */
#ifndef QEMU_X86_64_PLATFORM_H
#define QEMU_X86_64_PLATFORM_H

#include <stdbool.h>

bool platform_on_xen(void);

/* Waits until all of the console's bytes have left the guest. */
void platform_drain(void);

/* A triple fault: no handler, and none for that. */
_Noreturn void platform_fault(void);

#endif
