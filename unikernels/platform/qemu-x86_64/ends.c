/* The ends of the conformance guest on QEMU x86_64, and what makes them true. */
#include "conformance.h"

#include "baremetal.h"
#include "ports.h"

/* QEMU hw/misc/debugexit.c: default I/O base of isa-debug-exit. */
#define DEBUG_EXIT_PORT 0x501

/* PC16550D data sheet, COM1's line status register. */
#define COM1_LINE_STATUS 0x3fd
#define STATUS_ALL_SENT 0x40

/* QEMU docs/specs/fw_cfg.rst; FW_CFG_NB_CPUS is 16 bits, little-endian. */
#define FW_CFG_SELECTOR 0x510
#define FW_CFG_DATA 0x511
#define FW_CFG_NB_CPUS 0x05

#define PAGE 4096u
#define PAGE_TABLE 0x03 /* Intel SDM volume 3: present, writable */

extern uint64_t page_directories[]; /* start.S; they map 2 MiB an entry */
extern uint8_t stack_guard[PAGE];

static uint64_t low_pages[512] __attribute__((aligned(4096)));

static void wait_until_sent(void)
{
    while ((in8(COM1_LINE_STATUS) & STATUS_ALL_SENT) == 0)
        ;
}

/* Maps the first 2 MiB by pages, but for that of NULL and the stack's guard. */
static void unmap(void)
{
    for (uint64_t i = 1; i < 512; i++)
        low_pages[i] = i * PAGE | PAGE_TABLE;
    low_pages[(uintptr_t)stack_guard / PAGE] = 0;
    page_directories[0] = (uintptr_t)low_pages | PAGE_TABLE;
    __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");
}

void guest_write_to_null(void)
{
    unmap();
    *(volatile uint32_t *volatile)NULL = 1;
}

/* There is no stack left for the handler: a triple fault. */
void guest_use_up_stack(void)
{
    unmap();
    conformance_use_up();
}

_Noreturn void guest_end(uint32_t status)
{
    wait_until_sent();
    out32(DEBUG_EXIT_PORT, status);
    guest_hang();
}

/* A triple fault: the first exception finds no handler, nor do the next two. */
_Noreturn void baremetal_fail(enum guest_status status)
{
    static const struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } no_table;

    (void)status;
    wait_until_sent();
    __asm__ volatile("lidt %0; ud2" : : "m"(no_table));
    guest_hang();
}

uint32_t guest_cpus(void)
{
    __asm__ volatile("outw %0, %1"
                     :
                     : "a"((uint16_t)FW_CFG_NB_CPUS),
                       "Nd"((uint16_t)FW_CFG_SELECTOR));
    return in8(FW_CFG_DATA) | (uint32_t)in8(FW_CFG_DATA) << 8;
}
