/* The disks that there are, whatever drives them. */
#include "devices.h"

static struct disk_facts known[GUEST_DISKS_MAX];

size_t guest_disks(void)
{
    static bool counted;
    static size_t count;

    while (!counted && count < GUEST_DISKS_MAX &&
           driver_open_disk(count, &known[count]))
        count++;
    counted = true;
    return count;
}

uint64_t guest_disk_size(size_t disk)
{
    return known[disk].size;
}

size_t guest_disk_sector(size_t disk)
{
    return known[disk].sector;
}

bool guest_disk_read(size_t disk, uint64_t n, uint8_t *sector)
{
    size_t size = known[disk].sector;

    return size <= GUEST_SECTOR_MAX && driver_read(disk, n, sector, size);
}

bool guest_disk_write(size_t disk, uint64_t n, const uint8_t *sector)
{
    size_t size = known[disk].sector;

    return size <= GUEST_SECTOR_MAX && driver_write(disk, n, sector, size);
}
