/*
 * Reports in the Test Anything Protocol, version 13
 * (https://testanything.org/tap-version-13-specification.html).
 */
#include "guest.h"

static void put_second_test(bool fail)
{
    if (!fail) {
        guest_puts("ok 2 - memory keeps a value\n");
        return;
    }
    guest_puts("not ok 2 - memory keeps a value\n"
               "  ---\n"
               "  message: 'failure requested by boot argument'\n"
               "  severity: fail\n"
               "  data:\n"
               "    got: 41\n"
               "    expect: 42\n"
               "  ...\n");
}

void guest_main(const char *cmdline)
{
    bool fail = guest_has_word(cmdline, "fail");

    guest_puts("TAP version 13\n");
    if (guest_has_word(cmdline, "skip")) {
        guest_puts("1..0 # SKIP no device\n");
        guest_exit(GUEST_SKIPPED);
    }
    guest_puts("1..5\n");
    guest_puts("ok 1 - console writes a line\n");
    put_second_test(fail);
    guest_puts("ok 3 - network answers # SKIP no network device\n");
    guest_puts("not ok 4 - clock has sub-second steps # TODO no clock yet\n");
    guest_puts("ok 5 - boot arguments can be read\n");
    guest_exit(fail ? GUEST_FAILED : GUEST_PASSED);
}
