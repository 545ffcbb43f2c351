/*
 * The memory beyond the unikernel, and naps, on the QEMU platforms. It begins
 * at a boundary that a host with pages of 2 MiB likes, and is as large as fits
 * into a guest of 64 MiB, whatever its firmware keeps at the end.
 */
#include "baremetal.h"

#define BOUNDARY ((uintptr_t)0x200000)
#define SIZE (48 << 20)

extern uint8_t image_end[]; /* link.lds */

uint8_t *guest_heap(size_t *size)
{
    *size = SIZE;
    return (uint8_t *)(((uintptr_t)image_end + BOUNDARY - 1) & ~(BOUNDARY - 1));
}

void guest_nap(uint64_t microseconds)
{
    platform_nap(microseconds);
}
