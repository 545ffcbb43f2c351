/*
 * A small server's half of the Transmission Control Protocol (RFC 9293): it
 * takes connections, keeps only what comes in order, and sends one answer at
 * a time, again until it is acknowledged.
 */
#ifndef LIB_TCP_H
#define LIB_TCP_H

#include "ip.h"

#define TCP_INPUT 2048

enum tcp_state {
    TCP_FREE,
    TCP_OPENING, /* our SYN is not acknowledged */
    TCP_OPEN,
    TCP_OVER, /* both sides have closed; only late segments may come */
};

/* Times are guest_clock()'s; positions are sequence numbers. */
struct tcp_connection {
    enum tcp_state state;
    uint32_t address; /* ours */
    uint32_t peer;
    uint16_t port;
    uint16_t peer_port;

    uint8_t input[TCP_INPUT];
    size_t input_length;
    uint64_t input_since; /* the first byte of it came */
    uint32_t received;    /* what we expect next */
    bool peer_closed;     /* nothing comes after the input */

    const uint8_t *output;
    uint32_t output_at;
    uint32_t output_end;
    bool closing;     /* nothing comes after the output */
    uint32_t acked;   /* the peer has all before it */
    uint32_t next;    /* to be sent next */
    uint32_t highest; /* nothing at or after it was ever sent */
    uint32_t window;  /* bytes after `acked` that the peer takes */
    uint32_t segment; /* at most so many bytes in one segment */

    uint64_t heard;
    uint64_t sent;     /* or acknowledged */
    uint64_t patience; /* until it is sent again */
    unsigned int tries;
};

/*
 * Listens at a port.  The handler is called whenever there is input, or the
 * peer has closed, and all earlier output is acknowledged: again and again
 * until it takes the input or closes.
 */
void tcp_listen(uint16_t port, void (*handler)(struct tcp_connection *c));
/* To be called often: sends again what was lost. */
void tcp_turn(void);

/* For the handler.  The output must stay where it is. */
void tcp_take(struct tcp_connection *c, size_t length);
void tcp_reply(struct tcp_connection *c, const char *output, size_t length);
void tcp_close(struct tcp_connection *c);

/* What the parts of this implementation share. */
enum tcp_flag {
    TCP_FIN = 1 << 0,
    TCP_SYN = 1 << 1,
    TCP_RST = 1 << 2,
    TCP_PSH = 1 << 3,
    TCP_ACK = 1 << 4,
};
enum tcp_offset {
    TCP_FROM_PORT = 0,
    TCP_TO_PORT = 2,
    TCP_SEQUENCE = 4,
    TCP_ACKNOWLEDGED = 8,
    TCP_WORDS = 12,
    TCP_FLAGS = 13,
    TCP_WINDOW = 14,
    TCP_CHECKSUM = 16,
    TCP_URGENT = 18,
    TCP_HEADER = 20,
};
#define TCP_OPTION_END 0
#define TCP_OPTION_NOTHING 1
#define TCP_OPTION_SEGMENT 2 /* of 4 bytes */

/* From tcp_open.c. */
#define TCP_CONNECTIONS 16
extern struct tcp_connection tcp_connections[TCP_CONNECTIONS];
struct tcp_connection *tcp_find(const struct packet *packet);
/* For a SYN with a header of that size; without room the peer tries again. */
void tcp_open(const struct packet *packet, size_t size);

/* From tcp_send.c. */
void tcp_send_syn(struct tcp_connection *c);
void tcp_send_ack(struct tcp_connection *c);
/* What the window allows, but at least so many bytes; false: nothing. */
bool tcp_send_output(struct tcp_connection *c, uint32_t least);
/* Answers a segment for which there is no connection. */
void tcp_send_reset(const struct packet *packet, uint32_t length);
/* Sends again what was not acknowledged in time; false if it is hopeless. */
bool tcp_send_again(struct tcp_connection *c);

/* How far `to` is after `from`; negative if it is before. */
static inline int32_t tcp_distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

#endif
