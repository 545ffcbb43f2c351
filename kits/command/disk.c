/* The disk is a file: disk=PATH. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "platform.h"

#define SECTOR 512

static int disk = -1;

size_t guest_disks(void)
{
    char path[PATH_MAX] = "";
    struct guest_word word;

    if (disk < 0 && guest_text(platform_cmdline, "disk", &word) &&
        word.length < sizeof(path)) {
        memcpy(path, word.start, word.length);
        disk = open(path, O_RDWR);
    }
    return disk < 0 ? 0 : 1;
}

uint64_t guest_disk_size(size_t number)
{
    (void)number;
    return (uint64_t)lseek(disk, 0, SEEK_END);
}

size_t guest_disk_sector(size_t number)
{
    (void)number;
    return SECTOR;
}

static bool is_within(uint64_t n)
{
    return n < guest_disk_size(0) / SECTOR;
}

bool guest_disk_read(size_t number, uint64_t n, uint8_t *sector)
{
    (void)number;
    return is_within(n) &&
           pread(disk, sector, SECTOR, (off_t)n * SECTOR) == SECTOR;
}

bool guest_disk_write(size_t number, uint64_t n, const uint8_t *sector)
{
    (void)number;
    return is_within(n) &&
           pwrite(disk, sector, SECTOR, (off_t)n * SECTOR) == SECTOR;
}
