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
