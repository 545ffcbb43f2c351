/* Ends by the platform's abort call. */
#include "guest.h"

void guest_main(const char *cmdline)
{
    (void)cmdline;
    guest_puts("about to abort\n");
    guest_abort();
}
