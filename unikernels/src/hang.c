/* Never ends and goes silent. */
#include "guest.h"

void guest_main(const char *cmdline)
{
    (void)cmdline;
    guest_puts("about to hang\n");
    guest_hang();
}
