#include "tcp.h"

#include "big_endian.h"
#include "string.h"

#define HALF_OPEN 5000000 /* microseconds until we wait for no more FIN */

static uint16_t listening;
static void (*serve)(struct tcp_connection *c);

void tcp_take(struct tcp_connection *c, size_t length)
{
    c->input_length -= length;
    memmove(c->input, c->input + length, c->input_length);
    c->input_since = guest_clock();
}

void tcp_reply(struct tcp_connection *c, const char *output, size_t length)
{
    c->output = (const uint8_t *)output;
    c->output_at = c->output_end;
    c->output_end += (uint32_t)length;
}

void tcp_close(struct tcp_connection *c)
{
    c->closing = true;
    c->input_length = 0;
}

/* True if the acknowledgement is one of what we sent. */
static bool take_acknowledgement(struct tcp_connection *c,
                                 const uint8_t *header)
{
    uint32_t acked = get32(header + TCP_ACKNOWLEDGED);

    if (tcp_distance(acked, c->highest) < 0 ||
        (c->state == TCP_OPENING && acked != c->highest))
        return false;
    if (tcp_distance(c->acked, acked) < 0)
        return true; /* an old one, with data perhaps */
    c->window = get16(header + TCP_WINDOW);
    if (acked != c->acked || c->window == 0)
        c->tries = 0;
    if (acked != c->acked)
        c->sent = guest_clock();
    c->acked = acked;
    if (tcp_distance(c->next, acked) > 0)
        c->next = acked;
    if (c->state == TCP_OPENING)
        c->state = TCP_OPEN;
    return true;
}

/* Keeps what comes next and fits; true if the segment is to be acknowledged. */
static bool take_data(struct tcp_connection *c, const struct packet *packet,
                      size_t size)
{
    int32_t old = tcp_distance(get32(packet->data + TCP_SEQUENCE), c->received);
    bool fin = (packet->data[TCP_FLAGS] & TCP_FIN) != 0;
    size_t length = packet->length - size;
    size_t fresh, room = TCP_INPUT - c->input_length;

    if (old != 0 && (old < 0 || (size_t)old > length || c->peer_closed))
        return true;
    fresh = length - (size_t)old;
    if (c->peer_closed || (fresh == 0 && !fin))
        return length > 0;
    if (fresh > room) {
        fresh = room;
        fin = false;
    }
    if (c->input_length == 0)
        c->input_since = guest_clock();
    if (!c->closing) {
        memcpy(c->input + c->input_length, packet->data + size + old, fresh);
        c->input_length += fresh;
    }
    c->received += (uint32_t)fresh + fin;
    c->peer_closed = fin;
    return true;
}

static bool all_acknowledged(const struct tcp_connection *c)
{
    return c->acked == c->output_end + c->closing;
}

static void answer(struct tcp_connection *c, bool must_acknowledge)
{
    if (c->state == TCP_OPEN && !c->closing && all_acknowledged(c) &&
        (c->input_length > 0 || c->peer_closed))
        serve(c);
    if (!tcp_send_output(c, 0) && must_acknowledge)
        tcp_send_ack(c);
    if (c->closing && all_acknowledged(c) && c->peer_closed)
        c->state = TCP_OVER;
}

/* A segment of a connection: RFC 9293, section 3.10.7.4; RFC 5961. */
static void take(struct tcp_connection *c, const struct packet *packet,
                 size_t size)
{
    uint8_t flags = packet->data[TCP_FLAGS];
    uint32_t sequence = get32(packet->data + TCP_SEQUENCE);

    if ((flags & TCP_RST) != 0) {
        if (sequence == c->received)
            c->state = TCP_FREE;
        return;
    }
    if ((flags & TCP_SYN) != 0) {
        if (c->state == TCP_OPENING && sequence + 1 == c->received)
            tcp_send_syn(c);
        else
            tcp_send_ack(c);
        return;
    }
    if ((flags & TCP_ACK) == 0)
        return;
    c->heard = guest_clock();
    if (take_acknowledgement(c, packet->data))
        answer(c, take_data(c, packet, size));
    else if (c->state != TCP_OPENING)
        tcp_send_ack(c);
}

/* How long its header is, or 0 if lengths or checksum are wrong. */
static size_t header_size(const struct packet *packet)
{
    size_t size;

    if (packet->length < TCP_HEADER)
        return 0;
    size = (size_t)(packet->data[TCP_WORDS] >> 4) * 4;
    if (size < TCP_HEADER || size > packet->length ||
        ip_checksum(packet->data, packet->length,
                    ip_pseudo_header(packet->from, packet->to, IP_TCP,
                                     packet->length)) != 0)
        return 0;
    return size;
}

static void receive(struct packet *packet)
{
    size_t size = header_size(packet);
    struct tcp_connection *c;
    uint8_t flags;

    if (size == 0)
        return;
    flags = packet->data[TCP_FLAGS] & (TCP_SYN | TCP_RST | TCP_ACK | TCP_FIN);
    c = tcp_find(packet);
    if (c != NULL && c->state == TCP_OVER && flags == TCP_SYN) {
        c->state = TCP_FREE; /* the peer uses its port again */
        c = NULL;
    }
    if (c != NULL)
        take(c, packet, size);
    else if (flags == TCP_SYN && get16(packet->data + TCP_TO_PORT) == listening)
        tcp_open(packet, size);
    else if ((flags & TCP_RST) == 0)
        tcp_send_reset(packet, (uint32_t)(packet->length - size) +
                                   ((flags & TCP_SYN) != 0) +
                                   ((flags & TCP_FIN) != 0));
}

void tcp_listen(uint16_t port, void (*handler)(struct tcp_connection *c))
{
    listening = port;
    serve = handler;
    ip_listen(IP_TCP, receive);
}

void tcp_turn(void)
{
    for (size_t i = 0; i < TCP_CONNECTIONS; i++) {
        struct tcp_connection *c = &tcp_connections[i];

        if (c->state == TCP_FREE)
            continue;
        if (c->state == TCP_OPEN)
            answer(c, false);
        if (!tcp_send_again(c) ||
            (c->closing && all_acknowledged(c) &&
             guest_clock() - c->heard > HALF_OPEN))
            c->state = TCP_FREE;
    }
}
