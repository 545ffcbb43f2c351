/*
 * Solo5, all backends: only its public API (solo5.h) is used.  Exceptions are
 * handled by Solo5's own bindings (hvt, virtio) or by the host kernel (spt).
 */
#include "guest.h"
#include "solo5.h"

static char last_byte = '\n';

void guest_write(const void *bytes, size_t length)
{
    const char *text = bytes;

    if (length == 0)
        return;
    solo5_console_write(text, length);
    last_byte = text[length - 1];
}

/* Solo5 logs a line when the guest ends; keep it apart from our last one. */
static void fresh_line(void)
{
    if (last_byte != '\n')
        guest_write("\n", 1);
}

static int exit_value(enum guest_status status)
{
    switch (status) {
    case GUEST_PASSED:
        return SOLO5_EXIT_SUCCESS;
    case GUEST_FAILED:
        return SOLO5_EXIT_FAILURE;
    default:
        return (int)status;
    }
}

_Noreturn void guest_exit(enum guest_status status)
{
    fresh_line();
    solo5_exit(exit_value(status));
}

_Noreturn void guest_abort(void)
{
    fresh_line();
    solo5_abort();
}

void guest_fault(void)
{
    __asm__ volatile("ud2");
}

/*
 * Not hlt: an spt guest runs in user mode where it would trap, and hvt takes
 * it for the end of the guest.
 */
_Noreturn void guest_hang(void)
{
    for (;;)
        guest_nap(1000000);
}

uint64_t guest_clock(void)
{
    return solo5_clock_monotonic() / 1000;
}

static const struct solo5_start_info *started;

uint8_t *guest_heap(size_t *size)
{
    *size = started->heap_size;
    return (uint8_t *)started->heap_start;
}

void guest_nap(uint64_t microseconds)
{
    solo5_yield(solo5_clock_monotonic() + microseconds * 1000, NULL);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    started = info;
    guest_main(info->cmdline);
    guest_exit(GUEST_PASSED);
}
