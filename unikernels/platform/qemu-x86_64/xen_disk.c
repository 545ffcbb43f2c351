/* Disks of a domain, one request at a time: Xen public header io/blkif.h. */
#include "devices.h"
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
} __attribute__((aligned(XEN_PAGE)));

static struct disk disks[GUEST_DISKS_MAX];

bool driver_open_disk(size_t number, struct disk_facts *facts)
{
    struct disk *disk = &disks[number];
    const struct xen_device *device = &disk->device;

    if (!xen_open(&disk->device, "vbd", number))
        return false;
    disk->data_grant = xen_grant(disk->data);
    xen_write_number(device, "ring-ref", xen_grant(disk->page));
    xen_write_number(device, "event-channel", device->port);
    xen_write(device, "protocol", "x86_64-abi"); /* else it is that of 32 bits */
    xen_write_number(device, "state", XEN_STATE_INITIALISED);
    xen_await_connected(device);
    facts->size = xen_read_number(device->back, "sectors") * UNIT;
    facts->sector = UNIT;
    xen_write_number(device, "state", XEN_STATE_CONNECTED);
    return true;
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

bool driver_read(size_t disk, uint64_t n, uint8_t *sector, size_t size)
{
    if (!transfer(&disks[disk], OPERATION_READ, n))
        return false;
    memcpy(sector, disks[disk].data, size);
    return true;
}

bool driver_write(size_t disk, uint64_t n, const uint8_t *sector, size_t size)
{
    memcpy(disks[disk].data, sector, size);
    return transfer(&disks[disk], OPERATION_WRITE, n);
}
