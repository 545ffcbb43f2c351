/* Network interfaces of a domain: Xen public header io/netif.h. */
#include "devices.h"
#include "string.h"
#include "xen_bus.h"

#define ENTRIES 256 /* that a ring has; of those are used: */
#define BUFFERS 32
#define PATIENCE 10000 /* microseconds until a frame is given up */

struct send_ring {
    struct xen_ring head;
    union {
        struct {
            uint32_t grant;
            uint16_t offset;
            uint16_t flags;
            uint16_t id;
            uint16_t size;
        } request;
        struct {
            uint16_t id;
            int16_t status;
        } answer;
    } entries[ENTRIES];
};

struct receive_ring {
    struct xen_ring head;
    union {
        struct {
            uint16_t id;
            uint16_t pad;
            uint32_t grant;
        } request;
        struct {
            uint16_t id;
            uint16_t offset;
            uint16_t flags;
            int16_t status; /* the length, or an error */
        } answer;
    } entries[ENTRIES];
};

struct nic {
    union {
        struct send_ring ring;
        uint8_t page[XEN_PAGE];
    } send;
    union {
        struct receive_ring ring;
        uint8_t page[XEN_PAGE];
    } receive;
    uint8_t in[BUFFERS][XEN_PAGE];
    uint8_t out[BUFFERS][XEN_PAGE];
    uint32_t in_grants[BUFFERS];
    uint32_t out_grants[BUFFERS];
    struct xen_device device;
    uint32_t sent; /* and the answers taken, which are in any order */
    uint32_t answered;
    uint32_t received;
} __attribute__((aligned(XEN_PAGE)));

static struct nic nics[GUEST_NICS_MAX];

static uint8_t digit(char text)
{
    return (uint8_t)(text <= '9' ? text - '0' : (text | 0x20) - 'a' + 10);
}

static void read_config(const char *path, struct nic_facts *facts)
{
    char text[XEN_TEXT];

    xen_read(path, "mac", text);
    for (size_t i = 0; i < sizeof(facts->mac); i++)
        facts->mac[i] =
            (uint8_t)(digit(text[3 * i]) << 4 | digit(text[3 * i + 1]));
    facts->mtu = xen_read_number(path, "mtu");
    if (facts->mtu > XEN_PAGE - GUEST_HEADER) /* else a frame had two pages */
        facts->mtu = XEN_PAGE - GUEST_HEADER;
}

/* Lets the other end fill a buffer. */
static void offer(struct nic *nic, uint16_t buffer)
{
    struct receive_ring *ring = &nic->receive.ring;
    uint32_t at = ring->head.asked % ENTRIES;

    ring->entries[at].request.id = buffer;
    ring->entries[at].request.grant = nic->in_grants[buffer];
    xen_ask(&nic->device, &ring->head);
}

static void start(struct nic *nic)
{
    const struct xen_device *device = &nic->device;

    for (uint16_t i = 0; i < BUFFERS; i++) {
        nic->in_grants[i] = xen_grant(nic->in[i]);
        nic->out_grants[i] = xen_grant(nic->out[i]);
        offer(nic, i);
    }
    xen_write_number(device, "tx-ring-ref", xen_grant(nic->send.page));
    xen_write_number(device, "rx-ring-ref", xen_grant(nic->receive.page));
    xen_write_number(device, "event-channel", device->port);
    xen_write_number(device, "request-rx-copy", 1);
    xen_write_number(device, "feature-rx-notify", 1);
    xen_write_number(device, "feature-no-csum-offload", 1);
    xen_write_number(device, "state", XEN_STATE_CONNECTED);
    xen_await_connected(device);
    xen_tell(device->port); /* what was asked before is seen, too */
}

bool driver_open_nic(size_t number, struct nic_facts *facts)
{
    struct nic *nic = &nics[number];

    if (!xen_open(&nic->device, "vif", number))
        return false;
    read_config(nic->device.path, facts);
    start(nic);
    return true;
}

bool guest_net_send(size_t number, const uint8_t *frame, size_t length)
{
    struct nic *nic = &nics[number];
    struct send_ring *ring = &nic->send.ring;
    uint64_t end = guest_clock() + PATIENCE;
    uint16_t buffer = nic->sent % BUFFERS;

    /* All that was sent before: then any buffer is free. */
    while (nic->sent - nic->answered == BUFFERS) {
        if (xen_is_answered(&ring->head, nic->sent - 1))
            nic->answered = nic->sent;
        else if (guest_clock() >= end)
            return false;
        else
            xen_await(&nic->device.port, 1, end - guest_clock());
    }
    if (length > XEN_PAGE)
        return false;
    memcpy(nic->out[buffer], frame, length);
    memset(&ring->entries[nic->sent % ENTRIES], 0, sizeof(ring->entries[0]));
    ring->entries[nic->sent % ENTRIES].request.grant = nic->out_grants[buffer];
    ring->entries[nic->sent % ENTRIES].request.id = buffer;
    ring->entries[nic->sent % ENTRIES].request.size = (uint16_t)length;
    nic->sent++;
    xen_ask(&nic->device, &ring->head);
    return true;
}

size_t guest_net_receive(size_t number, uint8_t frame[GUEST_FRAME_MAX])
{
    struct nic *nic = &nics[number];
    struct receive_ring *ring = &nic->receive.ring;
    uint32_t at = nic->received % ENTRIES;
    uint16_t buffer, offset;
    int16_t length;

    if (!xen_is_answered(&ring->head, nic->received))
        return 0;
    buffer = ring->entries[at].answer.id % BUFFERS;
    offset = ring->entries[at].answer.offset;
    length = ring->entries[at].answer.status;
    nic->received++;
    if (length < 0 || offset + length > XEN_PAGE)
        length = 0;
    memcpy(frame, nic->in[buffer] + offset, (size_t)length);
    offer(nic, buffer);
    return (size_t)length;
}

void guest_wait(uint64_t microseconds)
{
    uint32_t ports[GUEST_NICS_MAX];
    bool there = false;

    for (size_t i = 0; i < guest_nics(); i++) {
        ports[i] = nics[i].device.port;
        there = xen_is_answered(&nics[i].receive.ring.head, nics[i].received) ||
                there;
    }
    if (!there && microseconds > 0)
        xen_await(ports, (uint32_t)guest_nics(), microseconds);
}
