/*
 * Uses memory over time in a way that is known, and tells each tenth of a
 * second what it has in use: "heap=BYTES". It runs until it is ended.
 */
#include "guest.h"

#define PAGE 4096
#define KIB 1024
#define MIB (1024 * KIB)
#define SECOND 1000000
#define TURN (SECOND / 100)
#define TELL (SECOND / 10)

/* What is used for what, each in a place of its own: bytes from the heap's start. */
enum { TOOTH = 0, STEP = 1 * MIB, CACHE = 3 * MIB, LEAK = 5 * MIB };
#define ONE_TOOTH (SECOND / 2)

static uint8_t *heap;
static size_t size;

/* Writes to the pages of the heap's bytes from..from + count. */
static uint64_t use(uint64_t from, uint64_t count)
{
    for (uint64_t at = from; at < from + count; at += PAGE) {
        if (at >= size) {
            guest_puts("out of memory\n");
            guest_exit(GUEST_FAILED);
        }
        heap[at] = 1;
    }
    return count;
}

void guest_main(const char *cmdline)
{
    uint64_t leak = 0, step = 0, begin = guest_clock(), told = 0;
    bool tooth = guest_has_word(cmdline, "saw-tooth");
    bool cache = guest_has_word(cmdline, "cache");
    bool steps = guest_number(cmdline, "step", &step);

    guest_number(cmdline, "leak", &leak);
    heap = guest_heap(&size);
    guest_puts("ready\n");
    for (;;) {
        uint64_t now = guest_clock() - begin, used = 0;

        if (tooth) /* a collector gives all of it back */
            used += use(TOOTH, now % ONE_TOOTH * MIB / ONE_TOOTH);
        if (steps && now >= step * 1000)
            used += use(STEP, 2 * MIB);
        if (cache) /* full after a second */
            used += use(CACHE, now < SECOND ? now * 2 * MIB / SECOND : 2 * MIB);
        used += use(LEAK, now * leak / SECOND * KIB);
        if (now >= told) {
            guest_puts("heap=");
            guest_put_decimal(used);
            guest_puts("\n");
            told += TELL;
        }
        guest_nap(TURN);
    }
}
