/* Writes what a log reader may trip over. */
#include "guest.h"

static void put_every_byte(void)
{
    uint8_t bytes[256];

    for (unsigned int i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    guest_write(bytes, sizeof(bytes));
    guest_puts("\n");
}

void guest_main(const char *cmdline)
{
    (void)cmdline;
    put_every_byte();
    guest_puts("\033[31mred\033[0m\n");
    guest_puts("na\xc3\xafve\n"); /* "naive" with U+00EF, in UTF-8 */
    guest_puts("\xc3(\n");        /* a lead byte with no continuation */
    guest_puts("SUCCESS");        /* no newline: the log's last line is open */
    guest_exit(GUEST_PASSED);
}
