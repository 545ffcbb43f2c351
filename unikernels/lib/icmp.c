#include "icmp.h"

#include "big_endian.h"
#include "string.h"

enum message_offset {
    TYPE = 0,
    CODE = 1,
    CHECKSUM = 2,
    HEADER_SIZE = 8,
};

enum message_type {
    ECHO_REPLY = 0,
    ECHO_REQUEST = 8,
    TIME_EXCEEDED = 11,
};
#define QUOTED 8 /* bytes after the IP header of what is complained about */

static void send(uint32_t from, uint32_t to, enum message_type type,
                 size_t length)
{
    uint8_t *message = ip_data();

    message[TYPE] = (uint8_t)type;
    message[CODE] = 0;
    put16(message + CHECKSUM, 0);
    put16(message + CHECKSUM, ip_checksum(message, length, 0));
    ip_send(from, to, IP_ICMP, length);
}

static void receive(struct packet *packet)
{
    if (packet->length < HEADER_SIZE || packet->data[TYPE] != ECHO_REQUEST ||
        packet->data[CODE] != 0 ||
        ip_checksum(packet->data, packet->length, 0) != 0)
        return;
    memcpy(ip_data(), packet->data, packet->length);
    send(packet->to, packet->from, ECHO_REPLY, packet->length);
}

void icmp_start(void)
{
    ip_listen(IP_ICMP, receive);
}

void icmp_time_exceeded(const struct packet *packet)
{
    size_t quoted = packet->total - packet->length;
    uint8_t *message = ip_data();

    quoted += packet->length < QUOTED ? packet->length : QUOTED;
    memset(message, 0, HEADER_SIZE);
    memcpy(message + HEADER_SIZE, packet->frame + GUEST_HEADER, quoted);
    send(packet->in->address, packet->from, TIME_EXCEEDED,
         HEADER_SIZE + quoted);
}
