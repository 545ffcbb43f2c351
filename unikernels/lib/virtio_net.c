/* Network interfaces: VIRTIO 1.1, section 5.1. */
#include "baremetal.h"
#include "devices.h"
#include "string.h"
#include "virtio.h"

#define FEATURE_MTU (1u << 3)
#define FEATURE_MAC (1u << 5)

enum config_register {
    CONFIG_MAC = 0,
    CONFIG_MTU = 10,
};

#define QUEUE_RECEIVE 0
#define QUEUE_SEND 1

/* Section 5.1.6: what stands before a frame; all zero, it asks for nothing. */
#define PREFIX 12
#define MTU_DEFAULT 1500

/* Microseconds. */
#define PATIENCE 10000 /* until a frame is given up */
#define AWAKE 500
#define NAP 1000

/* The start on a multiple of 16 is no need, but copies like it. */
struct buffer {
    uint8_t bytes[PREFIX + GUEST_FRAME_MAX];
} __attribute__((aligned(16)));

struct nic {
    struct virtio device;
    struct virtio_queue receive;
    struct virtio_queue send;
    struct buffer in[VIRTIO_ENTRIES];
    struct buffer out[VIRTIO_ENTRIES];
    bool busy[VIRTIO_ENTRIES]; /* of out */
};

static struct nic nics[GUEST_NICS_MAX];

static void read_config(const struct virtio *device, struct nic_facts *facts)
{
    volatile uint8_t *config = device->config;

    facts->mtu = MTU_DEFAULT;
    if ((device->features & FEATURE_MTU) != 0)
        facts->mtu = *(volatile uint16_t *)(config + CONFIG_MTU);
    for (size_t i = 0; i < sizeof(facts->mac); i++)
        facts->mac[i] = config[CONFIG_MAC + i];
}

static void start(struct nic *nic)
{
    virtio_start_queue(&nic->device, &nic->receive, QUEUE_RECEIVE);
    virtio_start_queue(&nic->device, &nic->send, QUEUE_SEND);
    virtio_start(&nic->device);
    for (uint16_t i = 0; i < VIRTIO_ENTRIES; i++) {
        nic->receive.descriptors[i] = (struct virtio_descriptor){
            .address = (uintptr_t)nic->in[i].bytes,
            .length = sizeof(nic->in[i].bytes),
            .flags = VIRTIO_IS_WRITTEN,
        };
        virtio_give(&nic->receive, i);
    }
}

bool driver_open_nic(size_t number, struct nic_facts *facts)
{
    struct nic *nic = &nics[number];

    if (!virtio_open(&nic->device, VIRTIO_NET, number,
                     FEATURE_MTU | FEATURE_MAC))
        return false;
    read_config(&nic->device, facts);
    start(nic);
    return true;
}

/* Returns a buffer that the device does not hold, VIRTIO_ENTRIES if none is. */
static uint16_t free_buffer(struct nic *nic)
{
    uint16_t i;
    uint32_t length;

    while (virtio_take(&nic->send, &i, &length))
        nic->busy[i] = false;
    for (i = 0; i < VIRTIO_ENTRIES && nic->busy[i]; i++)
        ;
    return i;
}

bool guest_net_send(size_t number, const uint8_t *frame, size_t length)
{
    struct nic *nic = &nics[number];
    uint64_t end = guest_clock() + PATIENCE;
    uint16_t i = free_buffer(nic);

    while (i == VIRTIO_ENTRIES && guest_clock() < end) {
        platform_relax();
        i = free_buffer(nic);
    }
    if (i == VIRTIO_ENTRIES || length > GUEST_FRAME_MAX)
        return false;
    memcpy(nic->out[i].bytes + PREFIX, frame, length);
    nic->send.descriptors[i].address = (uintptr_t)nic->out[i].bytes;
    nic->send.descriptors[i].length = (uint32_t)(PREFIX + length);
    nic->busy[i] = true;
    virtio_give(&nic->send, i);
    return true;
}

size_t guest_net_receive(size_t number, uint8_t frame[GUEST_FRAME_MAX])
{
    struct nic *nic = &nics[number];
    uint16_t i;
    uint32_t length;

    if (!virtio_take(&nic->receive, &i, &length))
        return 0;
    if (length < PREFIX || length > sizeof(nic->in[i].bytes))
        length = PREFIX;
    memcpy(frame, nic->in[i].bytes + PREFIX, length - PREFIX);
    virtio_give(&nic->receive, i);
    return length - PREFIX;
}

static bool frame_is_there(void)
{
    for (size_t i = 0; i < guest_nics(); i++) {
        if (virtio_has_used(&nics[i].receive))
            return true;
    }
    return false;
}

/*
 * After what came, more may come at once: so it looks for a while before it
 * naps.  A nap is short, since only the timer ends it.
 */
void guest_wait(uint64_t microseconds)
{
    uint64_t begin = guest_clock(), waited = 0;

    while (waited < microseconds && !frame_is_there()) {
        if (waited < AWAKE)
            platform_relax();
        else
            platform_nap(NAP);
        waited = guest_clock() - begin;
    }
}
