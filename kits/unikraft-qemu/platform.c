/* The conformance guest on Unikraft, with the little C library that it brings. */
#include <stdlib.h>
#include <string.h>
#include <uk/assert.h>
#include <uk/console.h>
#include <uk/libparam.h>

#include "conformance.h"

/* Where there is a library parameter, "--" may be a boot argument. */
static int unused;
UK_LIBPARAM_PARAM(unused, int, "nothing");

void guest_write(const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        int written = (int)uk_console_out(at, length);

        if (written <= 0)
            return;
        at += written;
        length -= (size_t)written;
    }
}

_Noreturn void guest_end(uint32_t status)
{
    exit((int)status);
}

_Noreturn void guest_abort(void)
{
    abort();
}

void guest_fault(void)
{
    __builtin_trap();
}

_Noreturn void guest_hang(void)
{
    for (;;)
        __asm__ volatile("");
}

size_t text_length(const char *text)
{
    return strlen(text);
}

/* The boot arguments as one text. */
int main(int count, char **words)
{
    static char cmdline[4096];

    for (int i = 1; i < count; i++) {
        if (i > 1)
            strcat(cmdline, " ");
        strcat(cmdline, words[i]);
    }
    guest_main(cmdline);
    return 0;
}
