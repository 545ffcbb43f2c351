/* Says how large its disk "storage" is and what it begins with, and writes to its second and its last sector. */
#include "solo5.h"

static void say(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    solo5_console_write(text, length);
}

static void count(uint64_t number)
{
    char digits[21];
    int at = 20;

    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    say(digits + at);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    static uint8_t sector[32768];
    static const char mark[] = "written by the guest";
    struct solo5_block_info disk;
    solo5_handle_t handle;

    (void)info;
    if (solo5_block_acquire("storage", &handle, &disk) != SOLO5_R_OK)
        return 3;
    say("\nbytes: ");
    count(disk.capacity);
    say(" sector: ");
    count(disk.block_size);
    if (solo5_block_read(handle, 0, sector, disk.block_size) != SOLO5_R_OK)
        return 4;
    sector[20] = '\0';
    say("\nbegins: [");
    say((const char *)sector);
    say("]\n");
    for (size_t at = 0; at < sizeof mark; at++)
        sector[at] = (uint8_t)mark[at];
    if (solo5_block_write(handle, disk.block_size, sector, disk.block_size) != SOLO5_R_OK ||
        solo5_block_write(handle, disk.capacity - disk.block_size, sector, disk.block_size) != SOLO5_R_OK)
        return 5;
    say("SUCCESS\n");
    return 0;
}
