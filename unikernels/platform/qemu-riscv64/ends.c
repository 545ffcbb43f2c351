/* The ends of the conformance guest on QEMU riscv64. */
#include "conformance.h"

#include "baremetal.h"
#include "fdt.h"

/* hw/riscv/virt.c, virt_memmap[VIRT_TEST]; values: hw/misc/sifive_test.c. */
#define TEST_DEVICE ((volatile uint32_t *)0x100000)
#define TEST_FAIL 0x3333u
#define TEST_PASS 0x5555u
#define TEST_RESET 0x7777u

/*
 * A stack of its own, below which lies what OpenSBI keeps for itself (its
 * first 512 KiB): the image's is above all that the image is.
 */
#define STACK_END 0x80100000

extern const void *platform_tree; /* platform.c */

_Noreturn void guest_end(uint32_t status)
{
    *TEST_DEVICE = status == 0 ? TEST_PASS : status << 16 | TEST_FAIL;
    guest_hang();
}

_Noreturn void baremetal_fail(enum guest_status status)
{
    (void)status;
    *TEST_DEVICE = TEST_RESET;
    guest_hang();
}

void guest_use_up_stack(void)
{
    __asm__ volatile("li sp, %0; call conformance_use_up" : : "i"(STACK_END));
}

uint32_t guest_cpus(void)
{
    return fdt_count(platform_tree, "cpu");
}
