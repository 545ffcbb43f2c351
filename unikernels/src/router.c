/*
 * Forwards packets between the networks of its two interfaces.  With
 * deny=PORT it is a firewall: nothing for that port of TCP or UDP passes.
 */
#include "big_endian.h"
#include "icmp.h"
#include "stack.h"

enum header_offset {
    FRAGMENT = 6,
    LIFE = 8,
    CHECKSUM = 10,
};
#define FRAGMENT_IS_ONE 0x3fff
#define PORT_TO 2 /* in the headers of TCP and UDP alike */

const char *const guest_nic_names[] = {"lan", "wan", NULL};
const char *const guest_disk_names[] = {NULL};

static uint64_t denied; /* 0: none */

/* In fragments the port cannot be seen: a firewall lets none pass. */
static bool is_denied(const struct packet *packet)
{
    const uint8_t *header = packet->frame + GUEST_HEADER;

    if (denied == 0 ||
        (packet->protocol != IP_TCP && packet->protocol != IP_UDP))
        return false;
    return (get16(header + FRAGMENT) & FRAGMENT_IS_ONE) != 0 ||
           packet->length < PORT_TO + 2 ||
           get16(packet->data + PORT_TO) == denied;
}

static void forward(struct packet *packet)
{
    uint8_t *header = packet->frame + GUEST_HEADER;
    size_t size = packet->total - packet->length;

    if (is_denied(packet))
        return;
    if (header[LIFE] <= 1) {
        icmp_time_exceeded(packet);
        return;
    }
    header[LIFE]--;
    put16(header + CHECKSUM, 0);
    put16(header + CHECKSUM, ip_checksum(header, size, 0));
    ip_route(packet->to, packet->frame, packet->total);
}

void guest_main(const char *cmdline)
{
    stack_start(cmdline, 2);
    guest_number(cmdline, "deny", &denied);
    ip_forward(forward);
    guest_puts("ready\n");
    for (;;)
        stack_turn(1000000);
}
