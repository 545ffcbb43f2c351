/*
 * Time by the processor's counter, measured once against the PC's timer, and
 * naps that the timer ends.  Timer: Intel 8254 data sheet; port 0x61: ICH9
 * data sheet, NMI_SC; interrupt controllers: Intel 8259A data sheet.
 */
#include "baremetal.h"
#include "ports.h"

#define TIMER_0 0x40
#define TIMER_2 0x42
#define TIMER_CONTROL 0x43
#define ONCE_BOTH_BYTES_0 0x30 /* mode 0: output high at the end */
#define ONCE_BOTH_BYTES_2 0xb0
#define TIMER_HERTZ 1193182
#define TIMER_LONGEST 50000 /* microseconds that 16 bits can count */

#define GATE_PORT 0x61
#define GATE_OPEN 0x01
#define GATE_SPEAKER 0x02
#define GATE_OUTPUT 0x20
#define MEASURED_MICROSECONDS 10000

static void start_timer(uint16_t port, uint8_t mode, uint64_t microseconds)
{
    uint64_t count = microseconds * TIMER_HERTZ / 1000000;

    out8(TIMER_CONTROL, mode);
    out8(port, (uint8_t)count);
    out8(port, (uint8_t)(count >> 8)); /* it begins to count */
}

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
    start_timer(TIMER_2, ONCE_BOTH_BYTES_2, MEASURED_MICROSECONDS);
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

/* Each controller's four words, and what it lets through: timer 0 alone. */
static void start_interrupts(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } settings[] = {
        {0x20, 0x11}, {0x21, 32},   {0x21, 4}, {0x21, 1}, {0x21, 0xfe},
        {0xa0, 0x11}, {0xa1, 32 + 8}, {0xa1, 2}, {0xa1, 1}, {0xa1, 0xff},
    };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        out8(settings[i].port, settings[i].value);
}

void platform_nap(uint64_t microseconds)
{
    static bool started;

    if (!started)
        start_interrupts();
    started = true;
    if (microseconds > TIMER_LONGEST)
        microseconds = TIMER_LONGEST;
    start_timer(TIMER_0, ONCE_BOTH_BYTES_0, microseconds);
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}
