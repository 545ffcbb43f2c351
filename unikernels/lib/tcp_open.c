#include "big_endian.h"
#include "string.h"
#include "tcp.h"

#define SEGMENT_DEFAULT 536 /* RFC 9293, section 3.7.1 */

/* Microseconds of a peer's silence, until a new one may have its place. */
#define HANDSHAKE 100000
#define IDLE 1000000 /* who asks again and again must not use up all places */

struct tcp_connection tcp_connections[TCP_CONNECTIONS];

struct tcp_connection *tcp_find(const struct packet *packet)
{
    uint16_t port = get16(packet->data + TCP_TO_PORT);
    uint16_t peer_port = get16(packet->data + TCP_FROM_PORT);

    for (size_t i = 0; i < TCP_CONNECTIONS; i++) {
        struct tcp_connection *c = &tcp_connections[i];

        if (c->state != TCP_FREE && c->address == packet->to &&
            c->peer == packet->from && c->port == port &&
            c->peer_port == peer_port)
            return c;
    }
    return NULL;
}

/* True if a new connection may have its place: one is over, or forgotten. */
static bool may_go(const struct tcp_connection *c)
{
    uint64_t silent = guest_clock() - c->heard;

    switch (c->state) {
    case TCP_OPENING:
        return silent > HANDSHAKE;
    case TCP_OPEN:
        return silent > IDLE;
    default:
        return true;
    }
}

static struct tcp_connection *find_place(void)
{
    struct tcp_connection *oldest = NULL;

    for (size_t i = 0; i < TCP_CONNECTIONS; i++) {
        struct tcp_connection *c = &tcp_connections[i];

        if (c->state == TCP_FREE)
            return c;
        if (may_go(c) && (oldest == NULL || c->heard < oldest->heard))
            oldest = c;
    }
    return oldest;
}

/* The peer's largest segment, from the options of its SYN. */
static uint32_t segment_size(const uint8_t *header, size_t size, uint32_t most)
{
    uint32_t segment = SEGMENT_DEFAULT;
    size_t at = TCP_HEADER;

    while (at < size && header[at] != TCP_OPTION_END) {
        if (header[at] == TCP_OPTION_NOTHING) {
            at++;
            continue;
        }
        if (at + 1 >= size || header[at + 1] < 2 || header[at + 1] > size - at)
            break;
        if (header[at] == TCP_OPTION_SEGMENT && header[at + 1] == 4 &&
            get16(header + at + 2) > 0)
            segment = get16(header + at + 2);
        at += header[at + 1];
    }
    return segment < most ? segment : most;
}

void tcp_open(const struct packet *packet, size_t size)
{
    const uint8_t *header = packet->data;
    struct tcp_connection *c = find_place();
    size_t room = ip_room(packet->from);

    if (c == NULL || room <= TCP_HEADER)
        return; /* the peer tries again */
    memset(c, 0, sizeof(*c));
    c->state = TCP_OPENING;
    c->address = packet->to;
    c->peer = packet->from;
    c->port = get16(header + TCP_TO_PORT);
    c->peer_port = get16(header + TCP_FROM_PORT);
    c->received = get32(header + TCP_SEQUENCE) + 1;
    c->segment = segment_size(header, size, (uint32_t)(room - TCP_HEADER));
    c->window = get16(header + TCP_WINDOW);
    /* RFC 9293, section 3.4.1: it rises by one every four microseconds. */
    c->acked = (uint32_t)(guest_clock() / 4);
    c->next = c->highest = c->output_at = c->output_end = c->acked + 1;
    c->heard = guest_clock();
    tcp_send_syn(c);
}
