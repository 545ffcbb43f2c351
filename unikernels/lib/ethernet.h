/* Interfaces with their addresses, and the frames that they send. */
#ifndef LIB_ETHERNET_H
#define LIB_ETHERNET_H

#include "guest.h"

enum ethernet_type {
    ETHERNET_IP = 0x0800,
    ETHERNET_ARP = 0x0806,
};

/* Addresses are numbers: 10.0.0.1 is 0x0a000001. */
struct interface {
    size_t nic;
    uint32_t address;
    uint32_t mask;
    uint32_t gateway; /* or 0 */
};

/*
 * Starts that many interfaces with the addresses of the boot arguments: ip=
 * and gw=, or ip0= and gw0=, ip1= and gw1= if there are several.  Prints what
 * is missing, and ends the unikernel then.
 */
void ethernet_start(const char *cmdline, size_t count);

/* The interface of that number, or NULL. */
const struct interface *ethernet_interface(size_t number);

/* The type of a frame that came in there, or 0: it is not for us. */
uint16_t ethernet_type_of(const struct interface *in, const uint8_t *frame,
                          size_t length);

/* Sends a frame of which all but the header is there. */
void ethernet_send(const struct interface *out, const uint8_t *mac,
                   enum ethernet_type type, uint8_t *frame, size_t length);

/* Finds KEY=10.0.0.1 or KEY=10.0.0.1/24, which is of 32 bits without any. */
bool ethernet_address(const char *cmdline, const char *key, uint32_t *address,
                      uint32_t *mask);

#endif
