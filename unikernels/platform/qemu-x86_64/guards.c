/* What makes ends of the conformance guest true: what is not there. */
#include "conformance.h"

#include "baremetal.h"
#include "platform.h"

#define PAGE 4096u
#define PAGE_TABLE 0x03 /* Intel SDM volume 3: present, writable */

extern uint64_t page_directories[]; /* start.S; they map 2 MiB an entry */
extern uint8_t stack_guard[PAGE];

static uint64_t low_pages[512] __attribute__((aligned(4096)));

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
    platform_drain();
    unmap();
    conformance_use_up();
}

_Noreturn void platform_fault(void)
{
    static const struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } no_table;

    __asm__ volatile("lidt %0; ud2" : : "m"(no_table));
    guest_hang();
}
