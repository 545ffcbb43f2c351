/* QEMU x86_64, or Xen, entered by PVH: serial port, exceptions, exit. */
#include "baremetal.h"
#include "platform.h"
#include "ports.h"
#include "xen.h"

/* struct hvm_start_info, Xen public header arch-x86/hvm/start_info.h. */
#define START_INFO_MAGIC 0x336ec578u

struct start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t module_list;
    uint64_t cmdline;
    uint64_t rsdp;
};

/* PC16550D data sheet; COM1 is at its usual PC address. */
enum com1_port {
    COM1_DATA = 0x3f8,
    COM1_INTERRUPT_ENABLE = 0x3f9,
    COM1_FIFO_CONTROL = 0x3fa,
    COM1_LINE_CONTROL = 0x3fb,
    COM1_LINE_STATUS = 0x3fd,
};
#define LINE_8N1 0x03
#define STATUS_HOLDING_EMPTY 0x20
#define STATUS_ALL_SENT 0x40

/* QEMU hw/misc/debugexit.c: default I/O base of isa-debug-exit. */
#define DEBUG_EXIT_PORT 0x501

#define CODE_SELECTOR 0x08
#define GATE_PRESENT_INTERRUPT 0x8e
#define EXCEPTIONS 32
#define TIMER_VECTOR EXCEPTIONS /* the first that is none; see clock.c */
#define STUB_SIZE 16

/* Intel SDM volume 3, section "64-Bit Mode IDT". */
struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack_table;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint64_t base;
};

extern const char trap_stubs[];
extern const char timer_stub[];
_Noreturn void platform_start(const struct start_info *info);
_Noreturn void platform_trap(uint64_t vector, uint64_t pc);

static bool on_xen;
static struct gate gates[EXCEPTIONS + 1] __attribute__((aligned(16)));

static void wait_for_line_status(uint8_t bit)
{
    while ((in8(COM1_LINE_STATUS) & bit) == 0)
        ;
}

void platform_put_byte(uint8_t byte)
{
    if (on_xen) {
        xen_put_byte(byte);
        return;
    }
    wait_for_line_status(STATUS_HOLDING_EMPTY);
    out8(COM1_DATA, byte);
}

void platform_flush(void)
{
    if (on_xen)
        xen_flush();
}

bool platform_on_xen(void)
{
    return on_xen;
}

void platform_drain(void)
{
    if (on_xen)
        xen_drain();
    else
        wait_for_line_status(STATUS_ALL_SENT);
}

static void serial_start(void)
{
    out8(COM1_INTERRUPT_ENABLE, 0);
    out8(COM1_FIFO_CONTROL, 0);
    out8(COM1_LINE_CONTROL, LINE_8N1);
}

static void set_gate(unsigned int vector, uintptr_t stub)
{
    gates[vector].offset_low = (uint16_t)stub;
    gates[vector].offset_middle = (uint16_t)(stub >> 16);
    gates[vector].offset_high = (uint32_t)(stub >> 32);
    gates[vector].selector = CODE_SELECTOR;
    gates[vector].type = GATE_PRESENT_INTERRUPT;
}

static void gates_start(void)
{
    struct table_pointer pointer = {
        .limit = sizeof(gates) - 1,
        .base = (uintptr_t)gates,
    };

    for (unsigned int i = 0; i < EXCEPTIONS; i++)
        set_gate(i, (uintptr_t)trap_stubs + i * STUB_SIZE);
    set_gate(TIMER_VECTOR, (uintptr_t)timer_stub);
    __asm__ volatile("lidt %0" : : "m"(pointer), "m"(gates));
}

_Noreturn void platform_trap(uint64_t vector, uint64_t pc)
{
    /* Mnemonics: Intel SDM volume 3, table 6-1. */
    static const char names[22][4] = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
        "#DF", "",    "#TS", "#NP", "#SS", "#GP", "#PF", "",
        "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
    };
    bool named = vector < 22 && names[vector][0] != '\0';

    baremetal_trap(named ? names[vector] : NULL, vector, pc);
}

void guest_fault(void)
{
    __asm__ volatile("ud2");
}

_Noreturn void guest_hang(void)
{
    /* Xen takes a halt without interrupts for a power-off. */
    for (;;) {
        if (on_xen)
            __asm__ volatile("sti; hlt");
        else
            __asm__ volatile("cli; hlt");
    }
}

void platform_relax(void)
{
    __asm__ volatile("pause");
}

_Noreturn void guest_exit(enum guest_status status)
{
    if (on_xen) {
        baremetal_put_exit_line(status);
        xen_shutdown(status == GUEST_CRASHED ? XEN_CRASH : XEN_POWEROFF);
        guest_hang();
    }
    /* QEMU ends at once: bytes still in the serial port would be lost. */
    platform_drain();
    out8(DEBUG_EXIT_PORT, (uint8_t)(status >> 1));
    guest_hang(); /* no such device */
}

_Noreturn void platform_start(const struct start_info *info)
{
    const char *cmdline = "";

    on_xen = xen_start();
    if (!on_xen)
        serial_start();
    gates_start();
    if (info->magic == START_INFO_MAGIC && info->cmdline != 0)
        cmdline = (const char *)(uintptr_t)info->cmdline;
    baremetal_run(cmdline);
}
