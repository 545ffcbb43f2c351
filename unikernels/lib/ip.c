#include "ip.h"

#include "arp.h"
#include "big_endian.h"
#include "string.h"

enum header_offset {
    VERSION_AND_WORDS = 0,
    TOTAL = 2,
    FRAGMENT = 6,
    LIFE = 8,
    PROTOCOL = 9,
    CHECKSUM = 10,
    FROM = 12,
    TO = 16,
    HEADER_SIZE = 20,
};
#define VERSION_4 4
#define LIFE_OF_OURS 64
#define FRAGMENT_NEVER 0x4000
#define FRAGMENT_IS_ONE 0x3fff /* more follow, or it is not the first */

static ip_handler handlers[256];
static ip_handler forwarder;
static uint8_t out_frame[GUEST_FRAME_MAX];

void ip_listen(enum ip_protocol protocol, ip_handler handler)
{
    handlers[protocol] = handler;
}

void ip_forward(ip_handler handler)
{
    forwarder = handler;
}

uint16_t ip_checksum(const uint8_t *bytes, size_t length, uint32_t more)
{
    uint32_t sum = more;

    for (; length > 1; bytes += 2, length -= 2)
        sum += get16(bytes);
    if (length > 0)
        sum += (uint32_t)bytes[0] << 8;
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

uint32_t ip_pseudo_header(uint32_t from, uint32_t to, enum ip_protocol protocol,
                          size_t length)
{
    return (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) +
           protocol + (uint32_t)length;
}

static bool is_own_address(uint32_t address)
{
    const struct interface *each;

    for (size_t i = 0; (each = ethernet_interface(i)) != NULL; i++) {
        if (each->address == address)
            return true;
    }
    return false;
}

/* Broadcast, multicast, loopback: no other machine, and no sender. */
static bool is_one_machine(const struct interface *in, uint32_t address)
{
    uint32_t last = in->address | ~in->mask;

    return address >> 24 != 0 && address >> 24 != 127 &&
           address >> 28 < 0xe && (address != last || last == in->address);
}

/* False if its lengths or its checksum are wrong. */
static bool parse(uint8_t *frame, size_t length, struct packet *packet)
{
    uint8_t *header = frame + GUEST_HEADER;
    size_t size;

    length -= GUEST_HEADER;
    if (length < HEADER_SIZE || header[VERSION_AND_WORDS] >> 4 != VERSION_4)
        return false;
    size = (size_t)(header[VERSION_AND_WORDS] & 0xf) * 4;
    packet->total = get16(header + TOTAL); /* the rest is padding */
    if (size < HEADER_SIZE || packet->total < size || packet->total > length ||
        ip_checksum(header, size, 0) != 0)
        return false;
    packet->from = get32(header + FROM);
    packet->to = get32(header + TO);
    packet->protocol = header[PROTOCOL];
    packet->frame = frame;
    packet->data = header + size;
    packet->length = packet->total - size;
    return true;
}

void ip_receive(const struct interface *in, uint8_t *frame, size_t length)
{
    struct packet packet = {.in = in};

    if (!parse(frame, length, &packet) || is_own_address(packet.from) ||
        !is_one_machine(in, packet.from) || !is_one_machine(in, packet.to))
        return;
    if (!is_own_address(packet.to)) {
        if (forwarder != NULL)
            forwarder(&packet);
    } else if ((get16(frame + GUEST_HEADER + FRAGMENT) & FRAGMENT_IS_ONE) ==
                   0 &&
               handlers[packet.protocol] != NULL) {
        handlers[packet.protocol](&packet);
    }
}

/* Finds the interface and the neighbour through which an address is reached. */
static const struct interface *way(uint32_t to, uint32_t *neighbour)
{
    const struct interface *each;

    *neighbour = to;
    for (size_t i = 0; (each = ethernet_interface(i)) != NULL; i++) {
        if (((each->address ^ to) & each->mask) == 0)
            return each;
    }
    for (size_t i = 0; (each = ethernet_interface(i)) != NULL; i++) {
        *neighbour = each->gateway;
        if (each->gateway != 0)
            return each;
    }
    return NULL;
}

size_t ip_room(uint32_t to)
{
    uint32_t neighbour;
    const struct interface *out = way(to, &neighbour);

    return out != NULL ? guest_net_mtu(out->nic) - HEADER_SIZE : 0;
}

uint8_t *ip_data(void)
{
    return out_frame + GUEST_HEADER + HEADER_SIZE;
}

void ip_send(uint32_t from, uint32_t to, enum ip_protocol protocol,
             size_t length)
{
    uint8_t *header = out_frame + GUEST_HEADER;

    memset(header, 0, HEADER_SIZE);
    header[VERSION_AND_WORDS] = VERSION_4 << 4 | HEADER_SIZE / 4;
    put16(header + TOTAL, (unsigned int)(HEADER_SIZE + length));
    put16(header + FRAGMENT, FRAGMENT_NEVER);
    header[LIFE] = LIFE_OF_OURS;
    header[PROTOCOL] = (uint8_t)protocol;
    put32(header + FROM, from);
    put32(header + TO, to);
    put16(header + CHECKSUM, ip_checksum(header, HEADER_SIZE, 0));
    ip_route(to, out_frame, HEADER_SIZE + length);
}

void ip_route(uint32_t to, uint8_t *frame, size_t total)
{
    uint32_t neighbour;
    const struct interface *out = way(to, &neighbour);

    if (out != NULL && total <= guest_net_mtu(out->nic))
        arp_send(out, neighbour, frame, GUEST_HEADER + total);
}
