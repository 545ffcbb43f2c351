/*
 * What a PVH domain shares: with Xen, time and events; with the other ends of
 * its devices, pages.
 */
#ifndef QEMU_X86_64_XEN_SHARED_H
#define QEMU_X86_64_XEN_SHARED_H

#include <stdint.h>

/* The number by which the control domain may use a page of ours. */
uint32_t xen_grant(const void *page);

/* A new port, on which the control domain can be told, and can tell. */
uint32_t xen_new_port(void);

void xen_tell(uint32_t port);

/* Waits until one of the ports was told of something, but not longer than so
 * many microseconds; 0: however long. */
void xen_await(const uint32_t *ports, uint32_t count, uint64_t microseconds);

#endif
