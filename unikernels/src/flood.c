/* Never ends and never goes silent. */
#include "guest.h"

#define LINES 64

static const char line[] = "flood: 0123456789 abcdefghijklmnopqrstuvwxyz "
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ\n";

/* Many lines in one write: on Solo5, each write costs a call of the host. */
static char block[LINES * (sizeof(line) - 1)];

static void fill_block(void)
{
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = line[i % (sizeof(line) - 1)];
}

void guest_main(const char *cmdline)
{
    (void)cmdline;
    fill_block();
    for (uint64_t round = 0;; round++) {
        guest_puts("flood round ");
        guest_put_decimal(round);
        guest_puts("\n");
        guest_write(block, sizeof(block));
    }
}
