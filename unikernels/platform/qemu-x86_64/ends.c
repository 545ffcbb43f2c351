/* The ends of the conformance guest on QEMU x86_64. */
#include "conformance.h"

#include "baremetal.h"
#include "platform.h"
#include "ports.h"

/* QEMU hw/misc/debugexit.c: default I/O base of isa-debug-exit. */
#define DEBUG_EXIT_PORT 0x501

/* QEMU docs/specs/fw_cfg.rst; FW_CFG_NB_CPUS is 16 bits, little-endian. */
#define FW_CFG_SELECTOR 0x510
#define FW_CFG_DATA 0x511
#define FW_CFG_NB_CPUS 0x05

_Noreturn void guest_end(uint32_t status)
{
    platform_drain();
    out32(DEBUG_EXIT_PORT, status);
    guest_hang();
}

_Noreturn void baremetal_fail(enum guest_status status)
{
    (void)status;
    platform_drain();
    platform_fault();
}

uint32_t guest_cpus(void)
{
    __asm__ volatile("outw %0, %1"
                     :
                     : "a"((uint16_t)FW_CFG_NB_CPUS),
                       "Nd"((uint16_t)FW_CFG_SELECTOR));
    return in8(FW_CFG_DATA) | (uint32_t)in8(FW_CFG_DATA) << 8;
}
