/* The same guest as a PVH domain of Xen, which has neither COM1 nor isa-debug-exit. */
#ifndef QEMU_X86_64_XEN_H
#define QEMU_X86_64_XEN_H

#include <stdbool.h>
#include <stdint.h>

/* Xen public header sched.h. */
enum xen_shutdown {
    XEN_POWEROFF = 0,
    XEN_CRASH = 3,
};

#define XEN_PAGE 4096
#define XEN_SELF 0x7ff0u /* a domain, to itself */

/* Xen public headers xen.h, event_channel.h. */
enum xen_call {
    XEN_MEMORY_OP = 12,
    XEN_VCPU_OP = 24,
    XEN_SCHED_OP = 29,
    XEN_EVENT_CHANNEL_OP = 32,
    XEN_HVM_OP = 34,
};
#define XEN_EVTCHNOP_SEND 4

/* Negative: an error of Xen's. */
long xen_call(enum xen_call number, uint64_t first, const void *second);

/* Of this domain: Xen public header hvm/params.h. */
uint64_t xen_parameter(uint32_t index);

/* Whether this is a domain of Xen; if so, its console is ready afterwards. */
bool xen_start(void);

void xen_put_byte(uint8_t byte);

/* Tells the console's other end that there are bytes. */
void xen_flush(void);

/* Waits until all of the console's bytes are taken. */
void xen_drain(void);

uint32_t xen_cpus(void);

/* Waits first until all of the console's bytes are taken. */
void xen_shutdown(enum xen_shutdown reason);

#endif
