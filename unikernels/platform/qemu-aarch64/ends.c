/*
 * The ends of the conformance guest on QEMU aarch64, and the page tables that
 * make some of them true.  Registers and descriptors: DDI 0487.
 */
#include "conformance.h"

#include "baremetal.h"
#include "fdt.h"

#define DEVICE_TREE ((const void *)0x40000000)

/* hw/arm/virt.c, base_memmap[VIRT_UART]; Arm DDI 0183 (PL011), UARTFR. */
#define UART_FR ((volatile uint32_t *)0x09000018)
#define FR_BUSY (1u << 3)

/* Arm "Semihosting for AArch32 and AArch64", SYS_EXIT_EXTENDED. */
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026

/* Arm DEN 0022 (PSCI). */
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u

/* 2 MiB each: devices below 1 GiB, memory above. */
#define BLOCK_SIZE 0x200000u
#define BLOCK 0x401u /* valid, accessed */
#define BLOCK_MEMORY (BLOCK | 1u << 2 | 3u << 8) /* attribute 1, shareable */
#define TABLE 3u
#define MAIR 0xff00u /* attribute 0: device, 1: normal memory */
#define TCR (32u | 3u << 12 | 1u << 8 | 1u << 10 | 1u << 23)
#define SCTLR_MMU 1u

/* Of a stack of its own, below which one block is left out. */
#define STACK_END 0x40800000u
#define GUARD 2 /* blocks above 1 GiB */

static uint64_t devices[512] __attribute__((aligned(4096)));
static uint64_t memory[512] __attribute__((aligned(4096)));
static uint64_t gigabytes[4] __attribute__((aligned(4096)));

static void unmap(void)
{
    uint64_t control;

    for (uint64_t i = 0; i < 512; i++) {
        devices[i] = i == 0 ? 0 : i * BLOCK_SIZE | BLOCK;
        memory[i] =
            i == GUARD ? 0 : (0x40000000 + i * BLOCK_SIZE) | BLOCK_MEMORY;
    }
    gigabytes[0] = (uintptr_t)devices | TABLE;
    gigabytes[1] = (uintptr_t)memory | TABLE;
    __asm__ volatile("dsb sy; msr mair_el1, %0; msr tcr_el1, %1;"
                     "msr ttbr0_el1, %2; isb; tlbi vmalle1; dsb sy; isb"
                     :
                     : "r"((uint64_t)MAIR), "r"((uint64_t)TCR), "r"(gigabytes)
                     : "memory");
    __asm__ volatile("mrs %0, sctlr_el1" : "=r"(control));
    __asm__ volatile("msr sctlr_el1, %0; isb"
                     :
                     : "r"(control | SCTLR_MMU)
                     : "memory");
}

void guest_write_to_null(void)
{
    unmap();
    *(volatile uint32_t *volatile)NULL = 1;
}

void guest_use_up_stack(void)
{
    unmap();
    __asm__ volatile("mov sp, %0; bl conformance_use_up"
                     :
                     : "r"((uint64_t)STACK_END));
}

static void wait_until_sent(void)
{
    while ((*UART_FR & FR_BUSY) != 0)
        ;
}

static void call_psci(uint64_t which)
{
    register uint64_t function __asm__("x0") = which;

    __asm__ volatile("hvc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
}

/* By semihosting, the one way to hand QEMU a status; 0 is a power-off. */
_Noreturn void guest_end(uint32_t status)
{
    volatile uint64_t words[2] = {APPLICATION_EXIT, status};
    register uint64_t operation __asm__("x0") = SYS_EXIT_EXTENDED;
    register volatile uint64_t *block __asm__("x1") = words;

    wait_until_sent();
    if (status == 0)
        call_psci(PSCI_SYSTEM_OFF);
    __asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(block) : "memory");
    guest_hang();
}

_Noreturn void baremetal_fail(enum guest_status status)
{
    (void)status;
    wait_until_sent();
    call_psci(PSCI_SYSTEM_RESET);
    guest_hang();
}

uint32_t guest_cpus(void)
{
    return fdt_count(DEVICE_TREE, "cpu");
}
