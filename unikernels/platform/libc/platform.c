/*
 * What the platforms with a C library share: main() has the boot arguments as
 * words, and exit() a status.  What a guest prints and how it waits is theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "platform.h"

const char *platform_cmdline;

_Noreturn void guest_end(uint32_t status)
{
    exit((int)status);
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
