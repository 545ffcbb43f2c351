/* Disks, one request at a time: VIRTIO 1.1, section 5.2. */
#include "baremetal.h"
#include "devices.h"
#include "string.h"
#include "virtio.h"

#define FEATURE_SECTOR (1u << 6)

/* Whatever the disk's own sector is, capacity and requests count in these. */
#define UNIT 512

enum config_register {
    CONFIG_CAPACITY = 0, /* 64 bits */
    CONFIG_SECTOR = 20,
};

enum request_type {
    REQUEST_READ = 0,
    REQUEST_WRITE = 1,
};
#define STATUS_GOOD 0
#define STATUS_NONE 0xff /* until the device has written one */

struct request {
    uint32_t type;
    uint32_t reserved;
    uint64_t unit;
};

struct disk {
    struct virtio device;
    struct virtio_queue queue;
    struct request request;
    uint8_t data[GUEST_SECTOR_MAX];
    uint8_t status;
};

static struct disk disks[GUEST_DISKS_MAX];

static void read_config(const struct virtio *device, struct disk_facts *facts)
{
    volatile uint32_t *config = (volatile uint32_t *)device->config;

    facts->size =
        ((uint64_t)config[CONFIG_CAPACITY / 4 + 1] << 32 | config[0]) * UNIT;
    facts->sector = UNIT;
    if ((device->features & FEATURE_SECTOR) != 0)
        facts->sector = config[CONFIG_SECTOR / 4];
}

bool driver_open_disk(size_t number, struct disk_facts *facts)
{
    struct disk *disk = &disks[number];

    if (!virtio_open(&disk->device, VIRTIO_DISK, number, FEATURE_SECTOR))
        return false;
    read_config(&disk->device, facts);
    virtio_start_queue(&disk->device, &disk->queue, 0);
    virtio_start(&disk->device);
    return true;
}

/* Section 5.2.6: a header, the data, and a byte for the device's answer. */
static bool transfer(struct disk *disk, enum request_type type, uint64_t n,
                     size_t size)
{
    struct virtio_descriptor *part = disk->queue.descriptors;
    uint16_t first;
    uint32_t length;

    disk->request.type = type;
    disk->request.unit = n * (size / UNIT);
    disk->status = STATUS_NONE;
    part[0] = (struct virtio_descriptor){(uintptr_t)&disk->request,
                                         sizeof(disk->request),
                                         VIRTIO_HAS_NEXT, 1};
    part[1] = (struct virtio_descriptor){
        (uintptr_t)disk->data, (uint32_t)size,
        VIRTIO_HAS_NEXT | (type == REQUEST_READ ? VIRTIO_IS_WRITTEN : 0), 2};
    part[2] = (struct virtio_descriptor){(uintptr_t)&disk->status, 1,
                                         VIRTIO_IS_WRITTEN, 0};
    virtio_give(&disk->queue, 0);
    while (!virtio_take(&disk->queue, &first, &length))
        platform_relax();
    return disk->status == STATUS_GOOD;
}

bool driver_read(size_t disk, uint64_t n, uint8_t *sector, size_t size)
{
    if (!transfer(&disks[disk], REQUEST_READ, n, size))
        return false;
    memcpy(sector, disks[disk].data, size);
    return true;
}

bool driver_write(size_t disk, uint64_t n, const uint8_t *sector, size_t size)
{
    memcpy(disks[disk].data, sector, size);
    return transfer(&disks[disk], REQUEST_WRITE, n, size);
}
