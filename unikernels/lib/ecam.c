/*
 * PCI configuration space in memory, as both of QEMU's "virt" machines have it:
 * PCI Express Base Specification, "Enhanced Configuration Access Mechanism".
 */
#include "pci.h"

#define SLOT_SIZE 0x8000 /* 8 functions of 4 KiB */
#define NOTHING_THERE 0xffffffffu

static volatile uint32_t *configuration(unsigned int slot, unsigned int offset)
{
    static uintptr_t base;

    if (base == 0)
        base = platform_pci_ecam();
    if (base == 0)
        return NULL;
    return (volatile uint32_t *)(base + slot * SLOT_SIZE + offset);
}

uint32_t pci_read(unsigned int slot, unsigned int offset)
{
    volatile uint32_t *at = configuration(slot, offset);

    return at != NULL ? *at : NOTHING_THERE;
}

void pci_write(unsigned int slot, unsigned int offset, uint32_t value)
{
    volatile uint32_t *at = configuration(slot, offset);

    if (at != NULL)
        *at = value;
}
