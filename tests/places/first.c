/* A guest in a hurry: `first TAP FRAMES TAG`. It attaches and sends at once so many frames, each with its number, at once;
 * with a TAG each has that of a VLAN.
 */
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct ifreq asked = {.ifr_flags = 0x1002}; /* IFF_TAP | IFF_NO_PI */
    unsigned char frame[100] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    int tap = open("/dev/net/tun", O_RDWR), frames = argc > 2 ? atoi(argv[2]) : 1;
    if (argc > 3)
        memcpy(frame + 12, "\x81\x00\x00\x07\x88\xb5", 6);
    snprintf(asked.ifr_name, IFNAMSIZ, "%s", argv[1]);
    if (tap < 0 || ioctl(tap, _IOW('T', 202, int), &asked))
        return 1;
    for (int each = 0; each < frames; each++) {
        frame[20] = each;
        if (write(tap, frame, sizeof frame) != sizeof frame)
            return 2;
    }
    printf("attached\n");
    fflush(stdout);
    return pause();
}
