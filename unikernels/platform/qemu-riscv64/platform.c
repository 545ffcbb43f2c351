/* QEMU machine "virt", riscv64, over OpenSBI: serial port, traps, power-off. */
#include "baremetal.h"
#include "fdt.h"
#include "pci.h"

/*
 * hw/riscv/virt.c, virt_memmap[VIRT_UART0]; registers: PC16550D data sheet.
 * The port is used directly because OpenSBI's console call puts a carriage
 * return before every newline.
 */
#define UART_BASE 0x10000000
enum uart_register {
    UART_DATA = 0,
    UART_LINE_STATUS = 5,
};
#define STATUS_HOLDING_EMPTY 0x20
#define STATUS_ALL_SENT 0x40

/* hw/riscv/virt.c, virt_memmap[VIRT_PCIE_MMIO]. */
#define PCI_WINDOW 0x40000000

/* hw/riscv/virt.c: "timebase-frequency" is 10 MHz. */
#define TICKS_IN_A_MICROSECOND 10

/* RISC-V SBI specification, chapter "System Reset Extension". */
#define SBI_SYSTEM_RESET 0x53525354ul /* "SRST" */
#define SBI_RESET_SHUTDOWN 0ul

/* The same, chapter "Timer Extension"; Privileged Architecture, "sie". */
#define SBI_TIME 0x54494d45ul /* "TIME" */
#define SIE_TIMER (1ul << 5)

_Noreturn void platform_start(const void *device_tree);
_Noreturn void platform_trap(uint64_t cause, uint64_t pc);

const void *platform_tree; /* OpenSBI may put it anywhere */

static volatile uint8_t *uart(enum uart_register offset)
{
    return (volatile uint8_t *)(uintptr_t)(UART_BASE + offset);
}

static void wait_for_line_status(uint8_t bit)
{
    while ((*uart(UART_LINE_STATUS) & bit) == 0)
        ;
}

void platform_put_byte(uint8_t byte)
{
    wait_for_line_status(STATUS_HOLDING_EMPTY);
    *uart(UART_DATA) = byte;
}

void platform_flush(void)
{
}

uintptr_t platform_pci_window(void)
{
    return PCI_WINDOW;
}

uintptr_t platform_pci_ecam(void)
{
    uint64_t address;

    return fdt_address(platform_tree, "pci", &address) ? address : 0;
}

/* "pause" of Zihintpause, which other processors take for a fence. */
void platform_relax(void)
{
    __asm__ volatile(".4byte 0x0100000f");
}

static uint64_t ticks_now(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks) : : "memory");
    return ticks;
}

uint64_t guest_clock(void)
{
    return ticks_now() / TICKS_IN_A_MICROSECOND;
}

/* The timer's interrupt ends "wfi", and is never taken: sstatus.SIE is 0. */
void platform_nap(uint64_t microseconds)
{
    register uint64_t until __asm__("a0") =
        ticks_now() + microseconds * TICKS_IN_A_MICROSECOND;
    register unsigned long function __asm__("a6") = 0;
    register unsigned long extension __asm__("a7") = SBI_TIME;

    __asm__ volatile("ecall; csrs sie, %3; wfi"
                     : "+r"(until)
                     : "r"(function), "r"(extension), "r"(SIE_TIMER)
                     : "a1", "memory");
}

_Noreturn void platform_trap(uint64_t cause, uint64_t pc)
{
    /* Privileged Architecture, table "Supervisor cause register values". */
    static const char *const names[] = {
        "misaligned instruction", "instruction access fault",
        "illegal instruction",    "breakpoint",
        "misaligned load",        "load access fault",
        "misaligned store",       "store access fault",
    };
    bool named = cause < sizeof(names) / sizeof(names[0]);

    baremetal_trap(named ? names[cause] : NULL, cause, pc);
}

void guest_fault(void)
{
    __asm__ volatile("unimp");
}

_Noreturn void guest_hang(void)
{
    for (;;)
        __asm__ volatile("wfi");
}

static void power_off(void)
{
    register unsigned long type __asm__("a0") = SBI_RESET_SHUTDOWN;
    register unsigned long reason __asm__("a1") = 0;
    register unsigned long function __asm__("a6") = 0;
    register unsigned long extension __asm__("a7") = SBI_SYSTEM_RESET;

    __asm__ volatile("ecall"
                     : "+r"(type), "+r"(reason)
                     : "r"(function), "r"(extension)
                     : "memory");
}

_Noreturn void guest_exit(enum guest_status status)
{
    baremetal_put_exit_line(status);
    wait_for_line_status(STATUS_ALL_SENT);
    power_off();
    guest_hang();
}

_Noreturn void platform_start(const void *device_tree)
{
    platform_tree = device_tree;
    baremetal_run(fdt_bootargs(device_tree));
}
