/* PCI devices in QEMU: finding them and their memory. */
#ifndef LIB_PCI_H
#define LIB_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_SLOTS 32

enum pci_register {
    PCI_ID = 0x00,      /* device << 16 | vendor */
    PCI_COMMAND = 0x04, /* status << 16 | command */
    PCI_BAR_0 = 0x10,
    PCI_CAPABILITIES = 0x34,
};

/*
 * From platform/qemu-x86_64/pci.c or lib/ecam.c: configuration space of
 * function 0 of the slot on bus 0, at a multiple of 4.  All ones: it is empty.
 */
uint32_t pci_read(unsigned int slot, unsigned int offset);
void pci_write(unsigned int slot, unsigned int offset, uint32_t value);

/* From platform/: free addresses for devices, which pci_map() gives away. */
uintptr_t platform_pci_window(void);
/* From platform/, for lib/ecam.c: where it is, or 0 if there is no PCI. */
uintptr_t platform_pci_ecam(void);

uint8_t pci_read8(unsigned int slot, unsigned int offset);

/* Puts what a base address register stands for where the CPU can reach it. */
volatile uint8_t *pci_map(unsigned int slot, unsigned int bar);

/* Lets the device answer at its addresses and reach memory by itself. */
void pci_enable(unsigned int slot);

#endif
