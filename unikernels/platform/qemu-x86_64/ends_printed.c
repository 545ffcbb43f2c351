/*
 * The ends of the conformance guest where a guest can hand over no status:
 * Xen, Firecracker, Cloud Hypervisor.  It prints one, and turns itself off.
 */
#include "conformance.h"

#include "baremetal.h"
#include "platform.h"
#include "ports.h"
#include "xen.h"

/* The keyboard controller's command port, and its reset (IBM PC AT manual). */
#define KEYBOARD_PORT 0x64
#define RESET 0xfe

_Noreturn void guest_end(uint32_t status)
{
    guest_puts("conformance: status ");
    guest_put_decimal(status);
    guest_puts("\n");
    platform_drain();
    if (platform_on_xen())
        xen_shutdown(XEN_POWEROFF);
    else
        out8(KEYBOARD_PORT, RESET);
    guest_hang();
}

_Noreturn void baremetal_fail(enum guest_status status)
{
    (void)status;
    platform_drain();
    if (platform_on_xen())
        xen_shutdown(XEN_CRASH);
    platform_fault();
}

/* Intel SDM volume 2, CPUID leaf 1: rounded up to a power of two. */
uint32_t guest_cpus(void)
{
    uint32_t a = 1, b, c = 0, d;

    if (platform_on_xen())
        return xen_cpus();
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b >> 16 & 0xff;
}
