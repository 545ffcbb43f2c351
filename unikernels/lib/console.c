#include "guest.h"
#include "string.h"

void guest_puts(const char *text)
{
    guest_write(text, text_length(text));
}

static void put_number(uint64_t value, unsigned int base)
{
    char digits[20]; /* 2^64 - 1 has 20 decimal digits */
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    guest_write(digits + at, sizeof(digits) - at);
}

void guest_put_decimal(uint64_t value)
{
    put_number(value, 10);
}

void guest_put_hex(uint64_t value)
{
    guest_puts("0x");
    put_number(value, 16);
}
