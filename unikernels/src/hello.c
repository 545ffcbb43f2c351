/* The smallest unikernel that passes. */
#include "guest.h"

void guest_main(const char *cmdline)
{
    (void)cmdline;
    guest_puts("Hello from bootmatrix\n");
    guest_puts("SUCCESS\n");
    guest_exit(GUEST_PASSED);
}
