/* Disks of a domain, one request at a time: Xen public header io/blkif.h. */
#include "guest.h"
#include "string.h"
#include "xen_bus.h"

#define UNIT 512 /* bytes of a sector, whatever the disk's own is */
#define ENTRIES 32
#define SEGMENTS 11

enum operation {
    OPERATION_READ = 0,
    OPERATION_WRITE = 1,
};
#define STATUS_GOOD 0

struct request {
    uint8_t operation;
    uint8_t segments;
    uint16_t handle;
    uint64_t id;
    uint64_t sector;
    struct {
        uint32_t grant;
        uint8_t first;
        uint8_t last;
    } segment[SEGMENTS];
};

struct answer {
    uint64_t id;
    uint8_t operation;
    int16_t status;
};

struct ring {
    struct xen_ring head;
    union {
        struct request request;
        struct answer answer;
    } entries[ENTRIES];
};

struct disk {
    uint8_t data[XEN_PAGE];
    union {
        struct ring ring;
        uint8_t page[XEN_PAGE];
    };
    struct xen_device device;
    uint32_t data_grant;
    uint32_t count; /* of requests so far */
    uint64_t size;
} __attribute__((aligned(XEN_PAGE)));

static struct disk disks[GUEST_DISKS_MAX];

static void start(struct disk *disk)
{
    const struct xen_device *device = &disk->device;

    disk->data_grant = xen_grant(disk->data);
    xen_write_number(device, "ring-ref", xen_grant(disk->page));
    xen_write_number(device, "event-channel", device->port);
    xen_write(device, "protocol", "x86_64-abi"); /* else it is that of 32 bits */
    xen_write_number(device, "state", XEN_STATE_INITIALISED);
    xen_await_connected(device);
    disk->size = xen_read_number(device->back, "sectors") * UNIT;
    xen_write_number(device, "state", XEN_STATE_CONNECTED);
}

size_t guest_disks(void)
{
    static bool counted;
    static size_t count;

    while (!counted && count < GUEST_DISKS_MAX &&
           xen_open(&disks[count].device, "vbd", count))
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
    (void)disk;
    return UNIT;
}

static bool transfer(struct disk *disk, enum operation operation, uint64_t n)
{
    uint32_t at = disk->count++ % ENTRIES;
    struct request *request = &disk->ring.entries[at].request;

    memset(request, 0, sizeof(*request));
    request->operation = (uint8_t)operation;
    request->segments = 1;
    request->sector = n;
    request->segment[0].grant = disk->data_grant;
    xen_ask(&disk->device, &disk->ring.head);
    while (!xen_is_answered(&disk->ring.head, disk->count - 1))
        xen_await(&disk->device.port, 1, 0);
    return disk->ring.entries[at].answer.status == STATUS_GOOD;
}

bool guest_disk_read(size_t disk, uint64_t n, uint8_t *sector)
{
    if (!transfer(&disks[disk], OPERATION_READ, n))
        return false;
    memcpy(sector, disks[disk].data, UNIT);
    return true;
}

bool guest_disk_write(size_t disk, uint64_t n, const uint8_t *sector)
{
    memcpy(disks[disk].data, sector, UNIT);
    return transfer(&disks[disk], OPERATION_WRITE, n);
}
