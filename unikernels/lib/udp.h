/* The User Datagram Protocol: RFC 768. */
#ifndef LIB_UDP_H
#define LIB_UDP_H

#include "ip.h"

struct datagram {
    uint32_t from;
    uint32_t to;
    uint16_t from_port;
    uint16_t to_port;
    const uint8_t *data;
    size_t length;
};

/* Calls it for each datagram that comes for our addresses, at any port. */
void udp_listen(void (*handler)(const struct datagram *datagram));
void udp_send(const struct datagram *datagram);

#endif
