#include "baremetal.h"

static uint8_t last_byte = '\n';

void guest_write(const void *bytes, size_t length)
{
    const uint8_t *in = bytes;

    if (length == 0)
        return;
    for (size_t i = 0; i < length; i++)
        platform_put_byte(in[i]);
    platform_flush();
    last_byte = in[length - 1];
}

/* Reports begin in the first column, whatever the unikernel wrote last. */
static void fresh_line(void)
{
    if (last_byte != '\n')
        guest_puts("\n");
}

_Noreturn void baremetal_run(const char *cmdline)
{
    guest_main(cmdline);
    guest_exit(GUEST_PASSED);
}

__attribute__((weak)) _Noreturn void baremetal_fail(enum guest_status status)
{
    guest_exit(status);
}

_Noreturn void guest_abort(void)
{
    fresh_line();
    guest_puts("ABORT\n");
    baremetal_fail(GUEST_ABORTED);
}

_Noreturn void baremetal_trap(const char *name, uint64_t number, uint64_t pc)
{
    static bool reporting;

    /* A trap inside this function must not report itself for ever. */
    if (reporting)
        guest_hang();
    reporting = true;
    fresh_line();
    guest_puts("TRAP: ");
    if (name != NULL)
        guest_puts(name);
    else
        guest_put_decimal(number);
    guest_puts(" at ");
    guest_put_hex(pc);
    guest_puts("\n");
    baremetal_fail(GUEST_CRASHED);
}

void baremetal_put_exit_line(enum guest_status status)
{
    fresh_line();
    guest_puts("EXIT: STATUS=");
    guest_put_decimal(status);
    guest_puts("\n");
}
