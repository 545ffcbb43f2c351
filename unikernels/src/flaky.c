/* Fails until the caller says it has tried often enough. */
#include "guest.h"

void guest_main(const char *cmdline)
{
    uint64_t attempt, pass_from;
    bool passed;

    if (!guest_number(cmdline, "attempt", &attempt) ||
        !guest_number(cmdline, "pass-from", &pass_from)) {
        guest_puts("usage: attempt=N pass-from=M\n");
        guest_exit(GUEST_FAILED);
    }
    passed = attempt >= pass_from;
    guest_puts("attempt ");
    guest_put_decimal(attempt);
    guest_puts(passed ? ": SUCCESS\n" : ": FAILURE\n");
    guest_exit(passed ? GUEST_PASSED : GUEST_FAILED);
}
