/* The Address Resolution Protocol: RFC 826. */
#ifndef LIB_ARP_H
#define LIB_ARP_H

#include "ethernet.h"

void arp_announce(const struct interface *of);
void arp_receive(const struct interface *in, const uint8_t *packet,
                 size_t length);

/*
 * Sends a frame with an IP packet to a neighbour, once its hardware address is
 * known: the last frame for a neighbour waits for it here.
 */
void arp_send(const struct interface *out, uint32_t neighbour, uint8_t *frame,
              size_t length);

#endif
