/* The networks of a slot of a box: a tap for each, whose other end are frames; a part of the ferry's source. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOBODY 65534
#define BACKLOG (4 << 20) /* bytes of frames that nobody has taken yet */

/* A socket for the frames of a tap that the user of boots may open, or -1 with errno. */
static int make_link(const char *name, int mtu)
{
    struct ifreq link = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int room = BACKLOG, tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    int frames = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    snprintf(link.ifr_name, sizeof link.ifr_name, "%s", name);
    if (tap < 0 || frames < 0 || ioctl(tap, TUNSETIFF, &link) || ioctl(tap, TUNSETOWNER, NOBODY) || ioctl(tap, TUNSETPERSIST, 1))
        return -1;
    link.ifr_mtu = mtu;
    if (ioctl(frames, SIOCSIFMTU, &link) || ioctl(frames, SIOCGIFINDEX, &link))
        return -1;
    at.sll_ifindex = link.ifr_ifindex;
    link.ifr_flags = IFF_UP | IFF_NOARP | IFF_PROMISC;
    if (bind(frames, (struct sockaddr *)&at, sizeof at) || ioctl(frames, SIOCSIFFLAGS, &link))
        return -1;
    setsockopt(frames, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    close(tap);
    return frames;
}

/* Makes those that a slot's words name; how many, or -1 with errno. */
static int make_links(char *words, size_t length, int *links, int most)
{
    int count = 0, mtu;
    char name[IFNAMSIZ];
    for (char *word = words; word < words + length; word += strlen(word) + 1)
        if (sscanf(word, "L%15s %d", name, &mtu) == 2) {
            if (count == most || (links[count] = make_link(name, mtu)) < 0)
                return -1;
            count++;
        }
    return count;
}

/* The next frame that a guest has sent; 0 or less if there is none. */
static ssize_t next_frame(int link, uint8_t *frame, size_t most)
{
    struct sockaddr_ll from = {0};
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(link, frame, most, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    return from.sll_pkttype == PACKET_OUTGOING ? 0 : length;
}

static void send_frame(int link, const uint8_t *frame, size_t length)
{
    send(link, frame, length, MSG_DONTWAIT | MSG_NOSIGNAL); /* one that nobody takes is lost */
}
