/* Unikraft, with the little C library that it brings. */
#include <uk/assert.h>
#include <uk/console.h>
#include <uk/libparam.h>
#include <uk/plat/lcpu.h>

#include "conformance.h"

/* Where there is a library parameter, "--" may be a boot argument. */
static int unused;
UK_LIBPARAM_PARAM(unused, int, "nothing");

void guest_write(const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        int written = (int)uk_console_out(at, length);

        if (written <= 0)
            return;
        at += written;
        length -= (size_t)written;
    }
}

/* Asleep: what burns a processor looks starved on a busy host. */
_Noreturn void guest_hang(void)
{
    for (;;) {
        ukplat_lcpu_disable_irq();
        ukplat_lcpu_halt_irq();
    }
}
