/* Disks: those of the manifest, by the names that it gives. */
#include "guest.h"
#include "solo5.h"

struct disk {
    solo5_handle_t handle;
    struct solo5_block_info info;
};

static struct disk disks[GUEST_DISKS_MAX];

size_t guest_disks(void)
{
    static bool counted;
    static size_t count;

    while (!counted && count < GUEST_DISKS_MAX &&
           guest_disk_names[count] != NULL &&
           solo5_block_acquire(guest_disk_names[count], &disks[count].handle,
                               &disks[count].info) == SOLO5_R_OK)
        count++;
    counted = true;
    return count;
}

uint64_t guest_disk_size(size_t disk)
{
    return disks[disk].info.capacity;
}

size_t guest_disk_sector(size_t disk)
{
    return (size_t)disks[disk].info.block_size;
}

/* Solo5, too, takes one sector at a time (solo5.h, "Block I/O"). */
bool guest_disk_read(size_t disk, uint64_t n, uint8_t *sector)
{
    uint64_t size = disks[disk].info.block_size;

    return size <= GUEST_SECTOR_MAX &&
           solo5_block_read(disks[disk].handle, n * size, sector, size) ==
               SOLO5_R_OK;
}

bool guest_disk_write(size_t disk, uint64_t n, const uint8_t *sector)
{
    uint64_t size = disks[disk].info.block_size;

    return size <= GUEST_SECTOR_MAX &&
           solo5_block_write(disks[disk].handle, n * size, sector, size) ==
               SOLO5_R_OK;
}
