/* Disks: those of the manifest, by the names that it gives. */
#include "devices.h"
#include "solo5.h"

static solo5_handle_t disks[GUEST_DISKS_MAX];

bool driver_open_disk(size_t disk, struct disk_facts *facts)
{
    struct solo5_block_info info;

    if (guest_disk_names[disk] == NULL ||
        solo5_block_acquire(guest_disk_names[disk], &disks[disk], &info) !=
            SOLO5_R_OK)
        return false;
    facts->size = info.capacity;
    facts->sector = (size_t)info.block_size;
    return true;
}

/* Solo5, too, takes one sector at a time (solo5.h, "Block I/O"). */
bool driver_read(size_t disk, uint64_t n, uint8_t *sector, size_t size)
{
    return solo5_block_read(disks[disk], n * size, sector, size) == SOLO5_R_OK;
}

bool driver_write(size_t disk, uint64_t n, const uint8_t *sector, size_t size)
{
    return solo5_block_write(disks[disk], n * size, sector, size) ==
           SOLO5_R_OK;
}
