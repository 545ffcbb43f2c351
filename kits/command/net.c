/* The interface is a tap of the boot's network: tap=NAME mac=02:00:00:00:00:02. */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "platform.h"

static int tap = -1;
static uint8_t mac[6];

static void take_mac(void)
{
    struct guest_word word;
    unsigned int part[6];

    if (guest_text(platform_cmdline, "mac", &word) &&
        sscanf(word.start, "%x:%x:%x:%x:%x:%x", &part[0], &part[1], &part[2],
               &part[3], &part[4], &part[5]) == 6)
        for (size_t i = 0; i < sizeof(mac); i++)
            mac[i] = (uint8_t)part[i];
}

size_t guest_nics(void)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    struct guest_word word;

    if (tap < 0 && guest_text(platform_cmdline, "tap", &word) &&
        word.length < sizeof(request.ifr_name)) {
        memcpy(request.ifr_name, word.start, word.length);
        tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
        if (tap >= 0 && ioctl(tap, TUNSETIFF, &request) < 0)
            tap = -1;
        take_mac();
    }
    return tap < 0 ? 0 : 1;
}

const uint8_t *guest_net_mac(size_t nic)
{
    (void)nic;
    return mac;
}

size_t guest_net_mtu(size_t nic)
{
    (void)nic;
    return 1500;
}

bool guest_net_send(size_t nic, const uint8_t *frame, size_t length)
{
    (void)nic;
    return write(tap, frame, length) == (ssize_t)length;
}

size_t guest_net_receive(size_t nic, uint8_t frame[GUEST_FRAME_MAX])
{
    ssize_t length = read(tap, frame, GUEST_FRAME_MAX);

    (void)nic;
    return length < 0 ? 0 : (size_t)length;
}

uint64_t guest_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void guest_wait(uint64_t microseconds)
{
    struct pollfd frame = {.fd = tap, .events = POLLIN};

    poll(&frame, 1, (int)(microseconds / 1000));
}
