/*
 * The processor's time-stamp counter, measured once against the PC's timer.
 * Timer: Intel 8254 data sheet; port 0x61: ICH9 data sheet, NMI_SC.
 */
#include "guest.h"

#include "ports.h"

#define TIMER_2 0x42
#define TIMER_CONTROL 0x43
#define SELECT_2_ONCE_BOTH_BYTES 0xb0 /* mode 0: output high at the end */
#define GATE_PORT 0x61
#define GATE_OPEN 0x01
#define GATE_SPEAKER 0x02
#define GATE_OUTPUT 0x20

#define TIMER_HERTZ 1193182
#define MEASURED_MICROSECONDS 10000
#define COUNT (TIMER_HERTZ / (1000000 / MEASURED_MICROSECONDS))

static uint64_t time_stamp(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t ticks_in_a_second(void)
{
    uint8_t gate = in8(GATE_PORT) & (uint8_t)~(GATE_OPEN | GATE_SPEAKER);
    uint64_t begin;

    out8(GATE_PORT, gate | GATE_OPEN);
    out8(TIMER_CONTROL, SELECT_2_ONCE_BOTH_BYTES);
    out8(TIMER_2, COUNT & 0xff);
    out8(TIMER_2, COUNT >> 8); /* it begins to count */
    begin = time_stamp();
    while ((in8(GATE_PORT) & GATE_OUTPUT) == 0)
        ;
    return (time_stamp() - begin) * (1000000 / MEASURED_MICROSECONDS);
}

uint64_t guest_clock(void)
{
    static uint64_t in_a_second;
    uint64_t ticks;

    if (in_a_second == 0)
        in_a_second = ticks_in_a_second();
    ticks = time_stamp();
    return ticks / in_a_second * 1000000 +
           ticks % in_a_second * 1000000 / in_a_second;
}
