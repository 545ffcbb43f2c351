/* Writes to as many KiB of its memory as its argument says. */
#include <solo5.h>

int solo5_app_main(const struct solo5_start_info *info) {
    unsigned long kib = 0;
    for (const char *digit = info->cmdline; *digit >= '0' && *digit <= '9'; digit++)
        kib = kib * 10 + (unsigned long)(*digit - '0');
    volatile char *heap = (volatile char *)info->heap_start;
    for (unsigned long at = 0; at < kib << 10; at += 4096)
        heap[at] = 1;
    solo5_console_write("SUCCESS\n", 8);
    return SOLO5_EXIT_SUCCESS;
}
