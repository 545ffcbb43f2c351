/* Ends by a CPU exception. */
#include "guest.h"

void guest_main(const char *cmdline)
{
    (void)cmdline;
    guest_puts("about to crash\n");
    guest_fault();
    guest_puts("the illegal instruction did not trap\n");
    guest_exit(GUEST_FAILED);
}
