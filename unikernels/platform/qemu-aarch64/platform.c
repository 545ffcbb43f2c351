/* QEMU machine "virt", aarch64: serial port, exceptions, power-off. */
#include "baremetal.h"
#include "fdt.h"
#include "pci.h"

/*
 * QEMU docs/system/arm/virt.rst: RAM starts here, and for an ELF kernel the
 * device tree is put at the start of RAM (x0 is not set).
 */
#define DEVICE_TREE ((const void *)0x40000000)

/* hw/arm/virt.c, base_memmap[VIRT_UART]; registers: Arm DDI 0183 (PL011). */
#define UART_BASE 0x09000000
enum uart_register {
    UART_DR = 0x00,
    UART_FR = 0x18,
    UART_LCR_H = 0x2c,
    UART_CR = 0x30,
};
#define FR_BUSY (1u << 3)
#define FR_TXFF (1u << 5)
#define LCR_H_8_BITS (3u << 5)
#define CR_ENABLE_TRANSMIT (1u << 0 | 1u << 8)

/* hw/arm/virt.c, base_memmap[VIRT_PCIE_MMIO]. */
#define PCI_WINDOW 0x10000000

/*
 * hw/arm/virt.c, base_memmap[VIRT_GIC_DIST], [VIRT_GIC_CPU]; registers: Arm
 * IHI 0048 (GICv2).  The virtual timer is number 27 (Arm DEN 0094).
 */
#define GIC_DISTRIBUTOR 0x08000000
#define GIC_CPU_INTERFACE 0x08010000
enum gic_register {
    GICD_CTLR = GIC_DISTRIBUTOR + 0x000,
    GICD_ISENABLER0 = GIC_DISTRIBUTOR + 0x100,
    GICC_CTLR = GIC_CPU_INTERFACE + 0x00,
    GICC_PMR = GIC_CPU_INTERFACE + 0x04,
};
#define TIMER_INTERRUPT (1u << 27)
#define ANY_PRIORITY 0xff

/* Arm DEN 0022 (PSCI), SYSTEM_OFF. */
#define PSCI_SYSTEM_OFF 0x84000008u

_Noreturn void platform_start(void);
_Noreturn void platform_trap(uint64_t syndrome, uint64_t pc);

static volatile uint32_t *uart(enum uart_register offset)
{
    return (volatile uint32_t *)(uintptr_t)(UART_BASE + offset);
}

void platform_put_byte(uint8_t byte)
{
    while ((*uart(UART_FR) & FR_TXFF) != 0)
        ;
    *uart(UART_DR) = byte;
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

    return fdt_address(DEVICE_TREE, "pcie", &address) ? address : 0;
}

void platform_relax(void)
{
    __asm__ volatile("yield");
}

/* DDI 0487, chapter "The Generic Timer in AArch64 state". */
static uint64_t ticks_now(void)
{
    uint64_t ticks;

    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks;
}

static uint64_t ticks_in_a_second(void)
{
    uint64_t ticks;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(ticks));
    return ticks;
}

uint64_t guest_clock(void)
{
    uint64_t ticks = ticks_now(), in_a_second = ticks_in_a_second();

    return ticks / in_a_second * 1000000 +
           ticks % in_a_second * 1000000 / in_a_second;
}

static void gic_write(enum gic_register at, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)at = value;
}

/* ID_AA64PFR0_EL1.GIC tells version 3, with which naps are not worth it. */
static bool is_gic_2(void)
{
    uint64_t features;

    __asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(features));
    return (features >> 24 & 0xf) == 0;
}

/* The timer's interrupt ends "wfi", and is never taken: PSTATE.I is 1. */
void platform_nap(uint64_t microseconds)
{
    uint64_t until = ticks_now() + microseconds * ticks_in_a_second() / 1000000;

    if (!is_gic_2()) {
        platform_relax();
        return;
    }
    gic_write(GICD_CTLR, 1);
    gic_write(GICD_ISENABLER0, TIMER_INTERRUPT);
    gic_write(GICC_PMR, ANY_PRIORITY);
    gic_write(GICC_CTLR, 1);
    __asm__ volatile("msr cntv_cval_el0, %0; msr cntv_ctl_el0, %1; isb; wfi"
                     :
                     : "r"(until), "r"(1ul)
                     : "memory");
}

_Noreturn void platform_trap(uint64_t syndrome, uint64_t pc)
{
    uint64_t class = syndrome >> 26 & 0x3f;
    const char *name = NULL;

    /* DDI 0487, ESR_EL1.EC, as seen by code that runs at EL1. */
    switch (class) {
    case 0x00:
        name = "undefined instruction";
        break;
    case 0x21:
        name = "instruction abort";
        break;
    case 0x22:
        name = "misaligned pc";
        break;
    case 0x25:
        name = "data abort";
        break;
    case 0x3c:
        name = "breakpoint";
        break;
    }
    baremetal_trap(name, class, pc);
}

void guest_fault(void)
{
    __asm__ volatile("udf #0");
}

_Noreturn void guest_hang(void)
{
    for (;;)
        __asm__ volatile("wfi");
}

/*
 * With neither EL2 nor EL3 emulated, QEMU itself answers PSCI calls made by
 * hvc (hw/arm/virt.c, psci_conduit).
 */
static void power_off(void)
{
    register uint64_t function __asm__("x0") = PSCI_SYSTEM_OFF;

    __asm__ volatile("hvc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
}

_Noreturn void guest_exit(enum guest_status status)
{
    baremetal_put_exit_line(status);
    while ((*uart(UART_FR) & FR_BUSY) != 0)
        ;
    power_off();
    guest_hang();
}

_Noreturn void platform_start(void)
{
    *uart(UART_LCR_H) = LCR_H_8_BITS;
    *uart(UART_CR) = CR_ENABLE_TRANSMIT;
    baremetal_run(fdt_bootargs(DEVICE_TREE));
}
