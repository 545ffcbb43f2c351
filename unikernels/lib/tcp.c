#include "tcp.h"

#include "big_endian.h"
#include "string.h"

#define CONNECTIONS 16
#define SEGMENT_DEFAULT 536 /* RFC 9293, section 3.7.1 */

/* Microseconds of a peer's silence, until ... */
#define HANDSHAKE 100000 /* others may have the place of one that opens, */
#define IDLE 10000000    /* or of one that is open, */
#define HALF_OPEN 5000000 /* or we no longer wait for its FIN */

static struct tcp_connection connections[CONNECTIONS];
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

static struct tcp_connection *find(const struct packet *packet)
{
    uint16_t port = get16(packet->data + TCP_TO_PORT);
    uint16_t peer_port = get16(packet->data + TCP_FROM_PORT);

    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct tcp_connection *c = &connections[i];

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

    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct tcp_connection *c = &connections[i];

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
        if (at + 1 >= size || header[at + 1] < 2 ||
            header[at + 1] > size - at)
            break;
        if (header[at] == TCP_OPTION_SEGMENT && header[at + 1] == 4 &&
            get16(header + at + 2) > 0)
            segment = get16(header + at + 2);
        at += header[at + 1];
    }
    return segment < most ? segment : most;
}

static void open(const struct packet *packet, size_t size)
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
    c->segment =
        segment_size(header, size, (uint32_t)(room - TCP_HEADER));
    c->window = get16(header + TCP_WINDOW);
    /* RFC 9293, section 3.4.1: it rises by one every four microseconds. */
    c->acked = (uint32_t)(guest_clock() / 4);
    c->next = c->highest = c->output_at = c->output_end = c->acked + 1;
    c->heard = guest_clock();
    tcp_send_syn(c);
}

/* True if the acknowledgement is one of what we sent. */
static bool take_acknowledgement(struct tcp_connection *c, const uint8_t *header)
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

static void receive(struct packet *packet)
{
    const uint8_t *header = packet->data;
    struct tcp_connection *c;
    size_t size;
    uint8_t flags;

    if (packet->length < TCP_HEADER)
        return;
    size = (size_t)(header[TCP_WORDS] >> 4) * 4;
    if (size < TCP_HEADER || size > packet->length ||
        ip_checksum(header, packet->length,
                    ip_pseudo_header(packet->from, packet->to, IP_TCP,
                                     packet->length)) != 0)
        return;
    flags = header[TCP_FLAGS] & (TCP_SYN | TCP_RST | TCP_ACK | TCP_FIN);
    c = find(packet);
    if (c != NULL && c->state == TCP_OVER && flags == TCP_SYN) {
        c->state = TCP_FREE; /* the peer uses its port again */
        c = NULL;
    }
    if (c != NULL)
        take(c, packet, size);
    else if (flags == TCP_SYN && get16(header + TCP_TO_PORT) == listening)
        open(packet, size);
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
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct tcp_connection *c = &connections[i];

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
