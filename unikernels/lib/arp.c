#include "arp.h"

#include "big_endian.h"
#include "string.h"

#define ENTRIES 16
#define LIFETIME 60000000 /* microseconds until a neighbour is asked again */

enum packet_offset {
    HARDWARE = 0,
    PROTOCOL = 2,
    SIZES = 4,
    OPERATION = 6,
    SENDER_MAC = 8,
    SENDER = 14,
    TARGET_MAC = 18,
    TARGET = 24,
    PACKET_SIZE = 28,
};
#define HARDWARE_ETHERNET 1
#define SIZES_ETHERNET_IP 0x0604
#define OPERATION_REQUEST 1
#define OPERATION_REPLY 2

struct entry {
    const struct interface *on; /* NULL: not in use */
    uint32_t address;
    uint8_t mac[6];
    bool known;
    uint64_t since;  /* it was made, or its hardware address confirmed */
    size_t waiting;  /* the length of the frame, or 0 */
    uint8_t frame[GUEST_FRAME_MAX];
};

static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static struct entry entries[ENTRIES];

static void send(const struct interface *out, unsigned int operation,
                 const uint8_t *mac, uint32_t target)
{
    uint8_t frame[GUEST_HEADER + PACKET_SIZE];
    uint8_t *packet = frame + GUEST_HEADER;

    put16(packet + HARDWARE, HARDWARE_ETHERNET);
    put16(packet + PROTOCOL, ETHERNET_IP);
    put16(packet + SIZES, SIZES_ETHERNET_IP);
    put16(packet + OPERATION, operation);
    memcpy(packet + SENDER_MAC, guest_net_mac(out->nic), 6);
    put32(packet + SENDER, out->address);
    memcpy(packet + TARGET_MAC, mac, 6);
    put32(packet + TARGET, target);
    ethernet_send(out, mac, ETHERNET_ARP, frame, sizeof(frame));
}

void arp_announce(const struct interface *of)
{
    send(of, OPERATION_REQUEST, everyone, of->address);
}

static struct entry *find(const struct interface *on, uint32_t address)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].on == on && entries[i].address == address)
            return &entries[i];
    }
    return NULL;
}

/* Takes the place of the oldest. */
static struct entry *make(const struct interface *on, uint32_t address)
{
    struct entry *oldest = &entries[0];

    for (size_t i = 1; i < ENTRIES; i++) {
        if (entries[i].on == NULL || entries[i].since < oldest->since)
            oldest = &entries[i];
        if (oldest->on == NULL)
            break;
    }
    oldest->on = on;
    oldest->address = address;
    oldest->known = false;
    oldest->since = guest_clock();
    oldest->waiting = 0;
    return oldest;
}

static void learn(struct entry *entry, const uint8_t *mac)
{
    size_t length = entry->waiting;

    memcpy(entry->mac, mac, 6);
    entry->known = true;
    entry->since = guest_clock();
    entry->waiting = 0;
    if (length > 0)
        ethernet_send(entry->on, mac, ETHERNET_IP, entry->frame, length);
}

/* RFC 826, "Packet Reception", for Ethernet and IP alone. */
void arp_receive(const struct interface *in, const uint8_t *packet,
                 size_t length)
{
    uint32_t sender;
    bool for_us;
    struct entry *entry;

    if (length < PACKET_SIZE ||
        get16(packet + HARDWARE) != HARDWARE_ETHERNET ||
        get16(packet + PROTOCOL) != ETHERNET_IP ||
        get16(packet + SIZES) != SIZES_ETHERNET_IP)
        return;
    sender = get32(packet + SENDER);
    for_us = get32(packet + TARGET) == in->address;
    /* Another machine that has our address, or none yet, is no neighbour. */
    entry = sender == in->address || sender == 0 ? NULL : find(in, sender);
    if (entry == NULL && for_us && sender != in->address && sender != 0)
        entry = make(in, sender);
    if (entry != NULL && (packet[SENDER_MAC] & 1) == 0)
        learn(entry, packet + SENDER_MAC);
    if (for_us && get16(packet + OPERATION) == OPERATION_REQUEST)
        send(in, OPERATION_REPLY, packet + SENDER_MAC, sender);
}

void arp_send(const struct interface *out, uint32_t neighbour, uint8_t *frame,
              size_t length)
{
    struct entry *entry = find(out, neighbour);

    if (entry == NULL)
        entry = make(out, neighbour);
    if (entry->known && guest_clock() - entry->since < LIFETIME) {
        ethernet_send(out, entry->mac, ETHERNET_IP, frame, length);
        return;
    }
    entry->known = false;
    memcpy(entry->frame, frame, length);
    entry->waiting = length;
    send(out, OPERATION_REQUEST, everyone, neighbour);
}
