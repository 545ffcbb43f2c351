#include "udp.h"

#include "big_endian.h"
#include "string.h"

enum header_offset {
    FROM_PORT = 0,
    TO_PORT = 2,
    LENGTH = 4,
    CHECKSUM = 6,
    HEADER_SIZE = 8,
};

static void (*handler)(const struct datagram *datagram);

static void receive(struct packet *packet)
{
    const uint8_t *header = packet->data;
    struct datagram datagram = {.from = packet->from, .to = packet->to};
    size_t length;

    if (packet->length < HEADER_SIZE)
        return;
    length = get16(header + LENGTH);
    if (length < HEADER_SIZE || length > packet->length)
        return;
    if (get16(header + CHECKSUM) != 0 && /* 0: the sender made none */
        ip_checksum(header, length,
                    ip_pseudo_header(packet->from, packet->to, IP_UDP,
                                     length)) != 0)
        return;
    datagram.from_port = get16(header + FROM_PORT);
    datagram.to_port = get16(header + TO_PORT);
    datagram.data = header + HEADER_SIZE;
    datagram.length = length - HEADER_SIZE;
    handler(&datagram);
}

void udp_listen(void (*wanted)(const struct datagram *datagram))
{
    handler = wanted;
    ip_listen(IP_UDP, receive);
}

void udp_send(const struct datagram *datagram)
{
    uint8_t *header = ip_data();
    size_t length = HEADER_SIZE + datagram->length;
    uint16_t checksum;

    if (length > ip_room(datagram->to))
        return;
    put16(header + FROM_PORT, datagram->from_port);
    put16(header + TO_PORT, datagram->to_port);
    put16(header + LENGTH, (unsigned int)length);
    put16(header + CHECKSUM, 0);
    memcpy(header + HEADER_SIZE, datagram->data, datagram->length);
    checksum = ip_checksum(header, length,
                           ip_pseudo_header(datagram->from, datagram->to,
                                            IP_UDP, length));
    put16(header + CHECKSUM, checksum != 0 ? checksum : 0xffff);
    ip_send(datagram->from, datagram->to, IP_UDP, length);
}
