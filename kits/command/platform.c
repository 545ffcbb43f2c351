/* The conformance guest as a process: what it prints goes to standard output. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance.h"
#include "platform.h"

const char *platform_cmdline;

void guest_write(const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, at, length);

        if (written < 0)
            _exit(97); /* nobody reads any more */
        at += written;
        length -= (size_t)written;
    }
}

_Noreturn void guest_end(uint32_t status)
{
    _exit((int)status);
}

/* What the unikernels of src/ end by. */
_Noreturn void guest_exit(enum guest_status status)
{
    guest_end(status == GUEST_PASSED ? 0 : 1);
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
        pause();
}

size_t text_length(const char *text)
{
    return strlen(text);
}

/* The boot arguments as a kernel has them: one text. */
int main(int count, char **words)
{
    static char cmdline[4096];

    for (int i = 1; i < count; i++) {
        if (i > 1)
            strcat(cmdline, " ");
        strcat(cmdline, words[i]);
    }
    platform_cmdline = cmdline;
    guest_main(cmdline);
    return 0;
}
