#include "virtio.h"

#include "pci.h"

/* Section 4.1.2: a device is of this vendor. */
#define VENDOR 0x1af4u
#define MODERN_ID 0x1040u       /* plus its type */
#define TRANSITIONAL_ID 0x0fffu /* for our two types, plus the type */

/* Section 4.1.4: capabilities of the vendor say where the registers are. */
#define CAPABILITY_VENDOR 0x09
enum capability_offset {
    CAPABILITY_NEXT = 1,
    CAPABILITY_TYPE = 3,
    CAPABILITY_BAR = 4,
    CAPABILITY_OFFSET = 8,
    CAPABILITY_NOTIFY_STEP = 16,
};
enum capability_type {
    TYPE_COMMON = 1,
    TYPE_NOTIFY = 2,
    TYPE_DEVICE = 4,
};

/* Section 4.1.4.3: the common registers. */
enum common_register {
    DEVICE_FEATURE_SELECT = 0,
    DEVICE_FEATURE = 4,
    DRIVER_FEATURE_SELECT = 8,
    DRIVER_FEATURE = 12,
    DEVICE_STATUS = 20,
    QUEUE_SELECT = 22,
    QUEUE_SIZE = 24,
    QUEUE_ENABLE = 28,
    QUEUE_NOTIFY_OFFSET = 30,
    QUEUE_DESCRIPTORS = 32,
    QUEUE_AVAILABLE = 40,
    QUEUE_USED = 48,
};

/* Section 2.1. */
enum device_status {
    STATUS_SEEN = 1,
    STATUS_DRIVER = 2,
    STATUS_RUNNING = 4,
    STATUS_FEATURES_CHOSEN = 8,
};

#define FEATURE_VERSION_1 (1u << 0) /* number 32 */
#define AVAILABLE_NO_INTERRUPT 1
#define USED_NO_NOTIFY 1

/* The device, too, sees memory in the order in which we write it. */
#define barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)

static void write8(volatile uint8_t *at, uint8_t value)
{
    *at = value;
}

static void write16(volatile uint8_t *at, uint16_t value)
{
    *(volatile uint16_t *)at = value;
}

static uint16_t read16(volatile uint8_t *at)
{
    return *(volatile uint16_t *)at;
}

static void write32(volatile uint8_t *at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

static uint32_t read32(volatile uint8_t *at)
{
    return *(volatile uint32_t *)at;
}

static void write_address(volatile uint8_t *at, const volatile void *value)
{
    write32(at, (uint32_t)(uintptr_t)value);
    write32(at + 4, (uint32_t)((uint64_t)(uintptr_t)value >> 32));
}

static bool is_kind(unsigned int slot, enum virtio_kind kind)
{
    uint32_t id = pci_read(slot, PCI_ID);

    return id == ((MODERN_ID + kind) << 16 | VENDOR) ||
           id == ((TRANSITIONAL_ID + kind) << 16 | VENDOR);
}

static bool find_slot(struct virtio *device, enum virtio_kind kind,
                      size_t index)
{
    for (unsigned int slot = 0; slot < PCI_SLOTS; slot++) {
        if (is_kind(slot, kind) && index-- == 0) {
            device->slot = slot;
            return true;
        }
    }
    return false;
}

static void read_capability(struct virtio *device, unsigned int at)
{
    uint8_t type = pci_read8(device->slot, at + CAPABILITY_TYPE);
    volatile uint8_t **registers;

    if (type == TYPE_COMMON)
        registers = &device->common;
    else if (type == TYPE_NOTIFY)
        registers = &device->notify;
    else if (type == TYPE_DEVICE)
        registers = &device->config;
    else
        return;
    *registers =
        pci_map(device->slot, pci_read8(device->slot, at + CAPABILITY_BAR));
    if (*registers != NULL)
        *registers += pci_read(device->slot, at + CAPABILITY_OFFSET);
    if (type == TYPE_NOTIFY)
        device->notify_step =
            pci_read(device->slot, at + CAPABILITY_NOTIFY_STEP);
}

static bool map_registers(struct virtio *device)
{
    unsigned int at = pci_read8(device->slot, PCI_CAPABILITIES);

    device->common = device->notify = device->config = NULL;
    while (at != 0) {
        if (pci_read8(device->slot, at) == CAPABILITY_VENDOR)
            read_capability(device, at);
        at = pci_read8(device->slot, at + CAPABILITY_NEXT);
    }
    pci_enable(device->slot);
    return device->common != NULL && device->notify != NULL &&
           device->config != NULL;
}

/* Section 3.1.1: the steps from a reset to the features. */
static bool agree(struct virtio *device, uint32_t wanted)
{
    volatile uint8_t *common = device->common;
    uint8_t status = STATUS_SEEN | STATUS_DRIVER;

    write8(common + DEVICE_STATUS, 0);
    while (common[DEVICE_STATUS] != 0)
        ;
    write8(common + DEVICE_STATUS, status);
    write32(common + DEVICE_FEATURE_SELECT, 0);
    device->features = read32(common + DEVICE_FEATURE) & wanted;
    write32(common + DRIVER_FEATURE_SELECT, 0);
    write32(common + DRIVER_FEATURE, device->features);
    write32(common + DRIVER_FEATURE_SELECT, 1);
    write32(common + DRIVER_FEATURE, FEATURE_VERSION_1);
    write8(common + DEVICE_STATUS, status | STATUS_FEATURES_CHOSEN);
    return (common[DEVICE_STATUS] & STATUS_FEATURES_CHOSEN) != 0;
}

bool virtio_open(struct virtio *device, enum virtio_kind kind, size_t index,
                 uint32_t wanted)
{
    return find_slot(device, kind, index) && map_registers(device) &&
           agree(device, wanted);
}

void virtio_start_queue(struct virtio *device, struct virtio_queue *queue,
                        uint16_t number)
{
    volatile uint8_t *common = device->common;

    queue->number = number;
    queue->available.flags = AVAILABLE_NO_INTERRUPT;
    write16(common + QUEUE_SELECT, number);
    write16(common + QUEUE_SIZE, VIRTIO_ENTRIES);
    queue->doorbell =
        (volatile uint16_t *)(device->notify + device->notify_step *
                                                   read16(common +
                                                          QUEUE_NOTIFY_OFFSET));
    write_address(common + QUEUE_DESCRIPTORS, queue->descriptors);
    write_address(common + QUEUE_AVAILABLE, &queue->available);
    write_address(common + QUEUE_USED, &queue->used);
    write16(common + QUEUE_ENABLE, 1);
}

void virtio_start(struct virtio *device)
{
    write8(device->common + DEVICE_STATUS,
           STATUS_SEEN | STATUS_DRIVER | STATUS_FEATURES_CHOSEN |
               STATUS_RUNNING);
}

void virtio_give(struct virtio_queue *queue, uint16_t first)
{
    uint16_t index = queue->available.index;

    queue->available.ring[index % VIRTIO_ENTRIES] = first;
    barrier();
    *(volatile uint16_t *)&queue->available.index = (uint16_t)(index + 1);
    barrier();
    if ((*(volatile uint16_t *)&queue->used.flags & USED_NO_NOTIFY) == 0)
        *queue->doorbell = queue->number;
}

bool virtio_has_used(const struct virtio_queue *queue)
{
    return *(const volatile uint16_t *)&queue->used.index != queue->taken;
}

bool virtio_take(struct virtio_queue *queue, uint16_t *first, uint32_t *length)
{
    size_t at = queue->taken % VIRTIO_ENTRIES;

    if (!virtio_has_used(queue))
        return false;
    barrier();
    *first = queue->used.ring[at].id % VIRTIO_ENTRIES;
    *length = queue->used.ring[at].length;
    queue->taken++;
    return true;
}
