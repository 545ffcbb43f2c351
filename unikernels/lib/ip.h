/* The Internet Protocol, version 4: RFC 791, without fragments. */
#ifndef LIB_IP_H
#define LIB_IP_H

#include "ethernet.h"

enum ip_protocol {
    IP_ICMP = 1,
    IP_TCP = 6,
    IP_UDP = 17,
};

/* What a packet for us carries, or what one for others is. */
struct packet {
    const struct interface *in;
    uint32_t from;
    uint32_t to;
    uint8_t protocol;
    uint8_t *frame; /* with its Ethernet header */
    size_t total;   /* bytes of the IP packet, header included */
    uint8_t *data;  /* what comes after the IP header */
    size_t length;  /* of data */
};

typedef void (*ip_handler)(struct packet *packet);

/* Calls the handler for what comes for our addresses by this protocol. */
void ip_listen(enum ip_protocol protocol, ip_handler handler);
/* Calls it for what is for other machines. */
void ip_forward(ip_handler handler);

void ip_receive(const struct interface *in, uint8_t *frame, size_t length);

/*
 * Sends a packet from one of our addresses: what ip_data() points at was
 * written before.  It is lost if it is longer than ip_room().
 */
uint8_t *ip_data(void);
size_t ip_room(uint32_t to); /* 0 if nothing leads there */
void ip_send(uint32_t from, uint32_t to, enum ip_protocol protocol,
             size_t length);

/* Sends a whole packet, in a frame with room for an Ethernet header. */
void ip_route(uint32_t to, uint8_t *frame, size_t total);

/* RFC 1071; a sum that begins with `more`, such as a pseudo header's. */
uint16_t ip_checksum(const uint8_t *bytes, size_t length, uint32_t more);
/* The pseudo header of TCP and UDP: RFC 793, section 3.1; RFC 768. */
uint32_t ip_pseudo_header(uint32_t from, uint32_t to,
                          enum ip_protocol protocol, size_t length);

#endif
