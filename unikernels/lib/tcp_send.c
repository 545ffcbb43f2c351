#include "big_endian.h"
#include "string.h"
#include "tcp.h"

#define BURST 10 /* segments on their way at once: RFC 6928's first window */
#define TRIES 8
#define PATIENCE 300000 /* microseconds, doubled at each try */
#define PATIENCE_MOST 3000000

/* What is at ip_data() after the header is sent with it. */
static void send_segment(uint32_t from, uint32_t to, size_t header,
                         size_t length)
{
    uint8_t *segment = ip_data();
    size_t total = header + length;

    segment[TCP_WORDS] = (uint8_t)(header / 4 << 4);
    put16(segment + TCP_URGENT, 0);
    put16(segment + TCP_CHECKSUM, 0);
    put16(segment + TCP_CHECKSUM,
          ip_checksum(segment, total,
                      ip_pseudo_header(from, to, IP_TCP, total)));
    ip_send(from, to, IP_TCP, total);
}

static void put_header(const struct tcp_connection *c, uint32_t sequence,
                       unsigned int flags)
{
    uint8_t *header = ip_data();

    put16(header + TCP_FROM_PORT, c->port);
    put16(header + TCP_TO_PORT, c->peer_port);
    put32(header + TCP_SEQUENCE, sequence);
    put32(header + TCP_ACKNOWLEDGED, c->received);
    header[TCP_FLAGS] = (uint8_t)flags;
    put16(header + TCP_WINDOW, (unsigned int)(TCP_INPUT - c->input_length));
}

void tcp_send_ack(struct tcp_connection *c)
{
    put_header(c, c->next, TCP_ACK);
    send_segment(c->address, c->peer, TCP_HEADER, 0);
}

void tcp_send_syn(struct tcp_connection *c)
{
    uint8_t *option = ip_data() + TCP_HEADER;

    put_header(c, c->acked, TCP_SYN | TCP_ACK);
    option[0] = TCP_OPTION_SEGMENT;
    option[1] = 4;
    put16(option + 2, (unsigned int)(ip_room(c->peer) - TCP_HEADER));
    send_segment(c->address, c->peer, TCP_HEADER + 4, 0);
    c->sent = guest_clock();
}

/* RFC 9293, section 3.5.2. */
void tcp_send_reset(const struct packet *packet, uint32_t length)
{
    const uint8_t *cause = packet->data;
    struct tcp_connection nobody = {
        .port = get16(cause + TCP_TO_PORT),
        .peer_port = get16(cause + TCP_FROM_PORT),
        .received = get32(cause + TCP_SEQUENCE) + length,
        .input_length = TCP_INPUT,
    };

    if ((cause[TCP_FLAGS] & TCP_ACK) != 0)
        put_header(&nobody, get32(cause + TCP_ACKNOWLEDGED), TCP_RST);
    else
        put_header(&nobody, 0, TCP_RST | TCP_ACK);
    send_segment(packet->to, packet->from, TCP_HEADER, 0);
}

static uint32_t least_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Sends the next segment of the output, with our FIN if it is the last. */
static bool send_next(struct tcp_connection *c, uint32_t window)
{
    uint32_t on_its_way = c->next - c->acked;
    uint32_t length = 0;
    bool last;

    if (tcp_distance(c->next, c->output_end) > 0 && window > on_its_way)
        length = least_of(c->output_end - c->next,
                          least_of(c->segment, window - on_its_way));
    last = c->closing && c->next + length == c->output_end;
    if (length == 0 && !last)
        return false;
    put_header(c, c->next,
               TCP_ACK | (length > 0 ? TCP_PSH : 0) | (last ? TCP_FIN : 0));
    if (length > 0)
        memcpy(ip_data() + TCP_HEADER, c->output + (c->next - c->output_at),
               length);
    send_segment(c->address, c->peer, TCP_HEADER, length);
    c->next += length + last;
    if (tcp_distance(c->highest, c->next) > 0)
        c->highest = c->next;
    c->sent = guest_clock();
    return true;
}

bool tcp_send_output(struct tcp_connection *c, uint32_t least)
{
    uint32_t window = c->window > least ? c->window : least;
    bool sent = false;

    while (send_next(c, least_of(window, BURST * c->segment)))
        sent = true;
    return sent;
}

bool tcp_send_again(struct tcp_connection *c)
{
    bool is_due = c->next != c->acked || c->output_end != c->acked;
    uint64_t patience = (uint64_t)PATIENCE << c->tries;

    if (patience > PATIENCE_MOST)
        patience = PATIENCE_MOST;
    if (!is_due || c->state == TCP_OVER ||
        guest_clock() - c->sent < patience)
        return true;
    if (c->tries++ == TRIES)
        return false;
    if (c->state == TCP_OPENING) {
        tcp_send_syn(c);
    } else {
        c->next = c->acked;
        tcp_send_output(c, 1); /* a byte asks whether the window is open */
    }
    return true;
}
