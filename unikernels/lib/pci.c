/* Registers: PCI Local Bus Specification 3.0, chapter 6. */
#include "pci.h"

#define COMMAND_MEMORY (1u << 1)
#define COMMAND_MASTER (1u << 2)
#define COMMAND_NO_INTERRUPT (1u << 10)

#define BAR_IS_PORT (1u << 0)
#define BAR_IS_64_BITS (1u << 2)
#define BAR_FLAGS 0xfu

#define BARS 6

static uintptr_t next_free;
static uintptr_t mapped[PCI_SLOTS][BARS];

uint8_t pci_read8(unsigned int slot, unsigned int offset)
{
    return (uint8_t)(pci_read(slot, offset & ~3u) >> (offset & 3) * 8);
}

/*
 * On "virt" no firmware has given addresses; on the PC they are given anew,
 * since SeaBIOS may have chosen some that our page tables do not reach.
 * A size is a power of two (section 6.2.5.1), and so is the alignment.
 */
static uintptr_t assign(unsigned int slot, unsigned int at)
{
    uint32_t size, kind = pci_read(slot, at) & BAR_FLAGS;

    if ((kind & BAR_IS_PORT) != 0)
        return 0;
    pci_write(slot, PCI_COMMAND, 0); /* it must not answer meanwhile */
    pci_write(slot, at, 0xffffffff);
    size = ~(pci_read(slot, at) & ~BAR_FLAGS) + 1;
    if (next_free == 0)
        next_free = platform_pci_window();
    next_free = (next_free + size - 1) & ~(uintptr_t)(size - 1);
    pci_write(slot, at, (uint32_t)next_free);
    if ((kind & BAR_IS_64_BITS) != 0)
        pci_write(slot, at + 4, 0);
    next_free += size;
    return next_free - size;
}

volatile uint8_t *pci_map(unsigned int slot, unsigned int bar)
{
    if (bar >= BARS)
        return NULL;
    if (mapped[slot][bar] == 0)
        mapped[slot][bar] = assign(slot, PCI_BAR_0 + 4 * bar);
    return (volatile uint8_t *)mapped[slot][bar];
}

void pci_enable(unsigned int slot)
{
    pci_write(slot, PCI_COMMAND,
              COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_INTERRUPT);
}
