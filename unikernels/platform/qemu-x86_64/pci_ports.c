/*
 * PCI configuration space by I/O ports: PCI Local Bus Specification 3.0,
 * section 3.2.2.3.2.  All of QEMU's PCs have it.
 */
#include "pci.h"

#include "ports.h"

#define ADDRESS_PORT 0xcf8
#define DATA_PORT 0xcfc
#define ENABLE (1u << 31)

/*
 * QEMU hw/i386/pc_q35.c, pc_piix.c: memory ends below it, and SeaBIOS takes
 * addresses from the other end, below 0xfec00000.
 */
#define WINDOW 0xf0000000u

static void choose(unsigned int slot, unsigned int offset)
{
    out32(ADDRESS_PORT, ENABLE | slot << 11 | offset);
}

uint32_t pci_read(unsigned int slot, unsigned int offset)
{
    choose(slot, offset);
    return in32(DATA_PORT);
}

void pci_write(unsigned int slot, unsigned int offset, uint32_t value)
{
    choose(slot, offset);
    out32(DATA_PORT, value);
}

uintptr_t platform_pci_window(void)
{
    return WINDOW;
}
