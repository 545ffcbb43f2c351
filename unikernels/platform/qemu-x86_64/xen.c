/*
 * Xen's PVH domains: hypercalls, console, shutdown.
 *
 * Source: Xen public headers arch-x86/cpuid.h, xen.h, event_channel.h,
 * hvm/hvm_op.h, hvm/params.h, io/console.h, sched.h, vcpu.h.
 */
#include "xen.h"

#include <stddef.h>

/* Where Xen's leaves may be: elsewhere where it plays Hyper-V, too. Looking
 * costs a virtual machine an exit for each. */
#define CPUID_FIRST 0x40000000u
#define CPUID_LAST 0x40000100u
#define CPUID_STEP 0x100u
#define SIGNATURE_EBX 0x566e6558u /* "XenV" */
#define SIGNATURE_ECX 0x65584d4du /* "MMXe" */
#define SIGNATURE_EDX 0x4d4d566eu /* "nVMM" */

#define ENTRY_SIZE 32 /* of each hypercall in the page */

#define VCPUOP_IS_UP 3
#define SCHEDOP_YIELD 0
#define SCHEDOP_SHUTDOWN 2
#define HVMOP_GET_PARAM 1
#define PARAM_CONSOLE_PFN 17
#define PARAM_CONSOLE_EVTCHN 18

struct hvm_param {
    uint16_t domain;
    uint16_t pad;
    uint32_t index;
    uint64_t value;
};

struct console_ring {
    char in[1024];
    char out[2048];
    uint32_t in_cons;
    uint32_t in_prod;
    uint32_t out_cons;
    uint32_t out_prod;
};

/* Xen fills it with code: in the image it is writable, and without an NX bit. */
static uint8_t hypercall_page[XEN_PAGE] __attribute__((aligned(XEN_PAGE)));
static struct console_ring *ring;
static uint32_t console_port;

static void cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(0));
}

long xen_call(enum xen_call number, uint64_t first, const void *second)
{
    long result;

    __asm__ volatile("call *%[entry]"
                     : "=a"(result), "+D"(first), "+S"(second)
                     : [entry] "r"(&hypercall_page[number * ENTRY_SIZE])
                     : "memory", "rcx", "rdx", "r8", "r9", "r10", "r11");
    return result;
}

static uint32_t first_leaf(void)
{
    uint32_t out[4];

    for (uint32_t leaf = CPUID_FIRST; leaf <= CPUID_LAST; leaf += CPUID_STEP) {
        cpuid(leaf, out);
        if (out[1] == SIGNATURE_EBX && out[2] == SIGNATURE_ECX &&
            out[3] == SIGNATURE_EDX)
            return leaf;
    }
    return 0;
}

uint64_t xen_parameter(uint32_t index)
{
    struct hvm_param asked = { .domain = XEN_SELF, .index = index };

    xen_call(XEN_HVM_OP, HVMOP_GET_PARAM, &asked);
    return asked.value;
}

bool xen_start(void)
{
    uint32_t leaf = first_leaf(), out[4];
    uint64_t page = (uintptr_t)hypercall_page;

    if (leaf == 0)
        return false;
    cpuid(leaf + 2, out); /* ebx: the MSR through which the page is filled */
    __asm__ volatile("wrmsr"
                     :
                     : "c"(out[1]), "a"((uint32_t)page),
                       "d"((uint32_t)(page >> 32))
                     : "memory");
    ring = (struct console_ring *)(uintptr_t)(xen_parameter(PARAM_CONSOLE_PFN) * XEN_PAGE);
    console_port = (uint32_t)xen_parameter(PARAM_CONSOLE_EVTCHN);
    return true;
}

static void yield(void)
{
    xen_call(XEN_SCHED_OP, SCHEDOP_YIELD, NULL);
}

static uint32_t taken(void)
{
    return __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);
}

void xen_flush(void)
{
    xen_call(XEN_EVENT_CHANNEL_OP, XEN_EVTCHNOP_SEND, &console_port);
}

void xen_put_byte(uint8_t byte)
{
    uint32_t at = ring->out_prod;

    while (at - taken() == sizeof(ring->out)) {
        xen_flush();
        yield();
    }
    ring->out[at % sizeof(ring->out)] = (char)byte;
    __atomic_store_n(&ring->out_prod, at + 1, __ATOMIC_RELEASE);
}

void xen_drain(void)
{
    while (taken() != ring->out_prod)
        yield();
}

/* Processors are numbered from 0; of one that is not there Xen tells an error. */
uint32_t xen_cpus(void)
{
    uint64_t number = 0;

    while (xen_call(XEN_VCPU_OP, VCPUOP_IS_UP, (const void *)number) >= 0)
        number++;
    return (uint32_t)number;
}

void xen_shutdown(enum xen_shutdown reason)
{
    uint32_t why = reason;

    xen_drain();
    xen_call(XEN_SCHED_OP, SCHEDOP_SHUTDOWN, &why);
}
