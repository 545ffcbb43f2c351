/* Prints the boot arguments, whole and word by word. */
#include "guest.h"

void guest_main(const char *cmdline)
{
    const char *cursor = cmdline;
    struct guest_word word;

    guest_puts("args: [");
    guest_puts(cmdline);
    guest_puts("]\n");
    for (uint64_t n = 0; guest_next_word(&cursor, &word); n++) {
        guest_puts("arg ");
        guest_put_decimal(n);
        guest_puts(": [");
        guest_write(word.start, word.length);
        guest_puts("]\n");
    }
    guest_puts("SUCCESS\n");
    guest_exit(GUEST_PASSED);
}
