/*
 * Writes a pattern to all of its disks, reads it back, and tries what lies
 * beyond them.  With the argument "verify" it writes nothing.
 */
#include "guest.h"
#include "string.h"

const char *const guest_nic_names[] = {NULL};
const char *const guest_disk_names[] = {"storage", NULL};

/* Appends a decimal number; returns the new length. */
static size_t add_decimal(char *text, size_t length, uint64_t value)
{
    uint64_t unit = 1;

    while (value / unit >= 10)
        unit *= 10;
    for (; unit > 0; unit /= 10)
        text[length++] = (char)('0' + value / unit % 10);
    return length;
}

/* Sector 7 of disk 0 is "disk 0 sector 7\n", again and again to its end. */
static void fill(uint8_t *sector, size_t size, size_t disk, uint64_t n)
{
    static const char first[] = "disk ", second[] = " sector ";
    char line[64];
    size_t length = sizeof(first) - 1;

    memcpy(line, first, length);
    length = add_decimal(line, length, disk);
    memcpy(line + length, second, sizeof(second) - 1);
    length = add_decimal(line, length + sizeof(second) - 1, n);
    line[length++] = '\n';
    for (size_t i = 0; i < size; i++)
        sector[i] = (uint8_t)line[i % length];
}

static void report(size_t disk, const char *what, uint64_t n)
{
    guest_puts("disk ");
    guest_put_decimal(disk);
    guest_puts(": ");
    guest_puts(what);
    guest_puts(" sector ");
    guest_put_decimal(n);
    guest_puts("\n");
}

static bool write_pattern(size_t disk, uint64_t sectors)
{
    static uint8_t sector[GUEST_SECTOR_MAX];

    for (uint64_t n = 0; n < sectors; n++) {
        fill(sector, guest_disk_sector(disk), disk, n);
        if (!guest_disk_write(disk, n, sector)) {
            report(disk, "cannot write", n);
            return false;
        }
    }
    return true;
}

static bool verify_pattern(size_t disk, uint64_t sectors)
{
    static uint8_t wanted[GUEST_SECTOR_MAX], sector[GUEST_SECTOR_MAX];
    size_t size = guest_disk_sector(disk);

    for (uint64_t n = 0; n < sectors; n++) {
        fill(wanted, size, disk, n);
        if (!guest_disk_read(disk, n, sector)) {
            report(disk, "cannot read", n);
            return false;
        }
        if (memcmp(sector, wanted, size) != 0) {
            report(disk, "wrong data in", n);
            return false;
        }
    }
    return true;
}

static bool refuses_what_lies_beyond(size_t disk, uint64_t sectors)
{
    static uint8_t sector[GUEST_SECTOR_MAX];

    if (guest_disk_read(disk, sectors, sector)) {
        report(disk, "can read beyond its end,", sectors);
        return false;
    }
    if (guest_disk_write(disk, sectors, sector)) {
        report(disk, "can write beyond its end,", sectors);
        return false;
    }
    return true;
}

static bool test(size_t disk, bool writes)
{
    size_t size = guest_disk_sector(disk);
    uint64_t sectors = guest_disk_size(disk) / size;

    guest_puts("disk ");
    guest_put_decimal(disk);
    guest_puts(": ");
    guest_put_decimal(guest_disk_size(disk));
    guest_puts(" bytes in sectors of ");
    guest_put_decimal(size);
    guest_puts("\n");
    if (size > GUEST_SECTOR_MAX) {
        guest_puts("these sectors are too large for this unikernel\n");
        return false;
    }
    return (!writes || write_pattern(disk, sectors)) &&
           verify_pattern(disk, sectors) &&
           refuses_what_lies_beyond(disk, sectors);
}

void guest_main(const char *cmdline)
{
    bool passed = guest_disks() > 0;

    if (!passed)
        guest_puts("there is no disk\n");
    for (size_t disk = 0; disk < guest_disks(); disk++)
        passed = test(disk, !guest_has_word(cmdline, "verify")) && passed;
    guest_puts(passed ? "SUCCESS\n" : "FAILURE\n");
    guest_exit(passed ? GUEST_PASSED : GUEST_FAILED);
}
