/*
 * The devices of a PVH domain: the store, in which each and its other end in
 * the control domain find each other, and the rings by which they talk.
 */
#ifndef QEMU_X86_64_XEN_BUS_H
#define QEMU_X86_64_XEN_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xen.h"
#include "xen_shared.h"

/* Xen public header io/xenbus.h. */
enum xen_state {
    XEN_STATE_INITIALISED = 3,
    XEN_STATE_CONNECTED = 4,
};

#define XEN_TEXT 128

/* `path` and `back` are the places of its two ends in the store. */
struct xen_device {
    char path[XEN_TEXT];
    char back[XEN_TEXT];
    uint32_t port;
};

/* Xen public header io/ring.h: a page; behind this lies what is each device's
 * own. */
struct xen_ring {
    volatile uint32_t asked;
    volatile uint32_t asked_event;
    volatile uint32_t answered;
    volatile uint32_t answered_event;
    uint8_t reserved[48];
};

/* The device with that number, from 0, among those of a kind, such as "vbd". */
bool xen_open(struct xen_device *device, const char *kind, size_t number);

/* A text below one of the ends, cut to fit; empty if there is none. */
void xen_read(const char *end, const char *key, char text[XEN_TEXT]);
uint64_t xen_read_number(const char *end, const char *key);
void xen_write(const struct xen_device *device, const char *key,
               const char *text);
void xen_write_number(const struct xen_device *device, const char *key,
                      uint64_t value);

/* Waits until the other end is connected. */
void xen_await_connected(const struct xen_device *device);

/* Lets the other end see one more of what is asked. */
void xen_ask(const struct xen_device *device, struct xen_ring *ring);

/* Whether there is an answer after the first `taken`; if not, the other end
 * tells of the next. */
bool xen_is_answered(struct xen_ring *ring, uint32_t taken);

#endif
