/* Disks, one request at a time: VIRTIO 1.1, section 5.2. */
#include "baremetal.h"
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
    uint64_t size;
    size_t sector;
};

static struct disk disks[GUEST_DISKS_MAX];

static void start(struct disk *disk)
{
    volatile uint32_t *config = (volatile uint32_t *)disk->device.config;

    disk->size =
        ((uint64_t)config[CONFIG_CAPACITY / 4 + 1] << 32 | config[0]) * UNIT;
    disk->sector = UNIT;
    if ((disk->device.features & FEATURE_SECTOR) != 0)
        disk->sector = config[CONFIG_SECTOR / 4];
    virtio_start_queue(&disk->device, &disk->queue, 0);
    virtio_start(&disk->device);
}

size_t guest_disks(void)
{
    static bool counted;
    static size_t count;

    while (!counted && count < GUEST_DISKS_MAX &&
           virtio_open(&disks[count].device, VIRTIO_DISK, count,
                       FEATURE_SECTOR))
        start(&disks[count++]);
    counted = true;
    return count;
}

uint64_t guest_disk_size(size_t disk)
{
    return disks[disk].size;
}

size_t guest_disk_sector(size_t disk)
{
    return disks[disk].sector;
}

/* Section 5.2.6: a header, the data, and a byte for the device's answer. */
static bool transfer(struct disk *disk, enum request_type type, uint64_t n)
{
    struct virtio_descriptor *part = disk->queue.descriptors;
    uint16_t first;
    uint32_t length;

    disk->request.type = type;
    disk->request.unit = n * (disk->sector / UNIT);
    disk->status = STATUS_NONE;
    part[0] = (struct virtio_descriptor){(uintptr_t)&disk->request,
                                         sizeof(disk->request),
                                         VIRTIO_HAS_NEXT, 1};
    part[1] = (struct virtio_descriptor){
        (uintptr_t)disk->data, (uint32_t)disk->sector,
        VIRTIO_HAS_NEXT | (type == REQUEST_READ ? VIRTIO_IS_WRITTEN : 0), 2};
    part[2] = (struct virtio_descriptor){(uintptr_t)&disk->status, 1,
                                         VIRTIO_IS_WRITTEN, 0};
    virtio_give(&disk->queue, 0);
    while (!virtio_take(&disk->queue, &first, &length))
        platform_relax();
    return disk->status == STATUS_GOOD;
}

bool guest_disk_read(size_t number, uint64_t n, uint8_t *sector)
{
    struct disk *disk = &disks[number];

    if (disk->sector > GUEST_SECTOR_MAX ||
        !transfer(disk, REQUEST_READ, n))
        return false;
    memcpy(sector, disk->data, disk->sector);
    return true;
}

bool guest_disk_write(size_t number, uint64_t n, const uint8_t *sector)
{
    struct disk *disk = &disks[number];

    if (disk->sector > GUEST_SECTOR_MAX)
        return false;
    memcpy(disk->data, sector, disk->sector);
    return transfer(disk, REQUEST_WRITE, n);
}
