/* The networks of a slot of a box: links, whose other ends are frames. A link is a tap, or what Xen's back end makes for a
 * domain, in the machine's own network. A part of the ferry's source.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define NOBODY 65534
#define BACKLOG (4 << 20) /* bytes of frames that nobody has taken yet */
#define BACK_END "vif" /* with which the names of Xen's begin */
#define TAG 4
#define TAG_AT 12 /* where a frame has its VLAN tag, which the kernel takes out of it */

struct link {
    char name[IFNAMSIZ], device[IFNAMSIZ]; /* of the boot's interface; what that is here */
    int mtu, frames; /* a socket, -1 while there is no device */
};

static int machine_network; /* where the back ends of Xen are, and no slot is */

/* 0, or -1 with errno. */
static int set_mtu(const struct link *link)
{
    struct ifreq asked = {.ifr_mtu = link->mtu};
    memcpy(asked.ifr_name, link->device, sizeof asked.ifr_name);
    return ioctl(link->frames, SIOCSIFMTU, &asked);
}

/* A socket for the frames of a device that is down, and is up then, or -1 with errno. */
static int open_frames(const char *device)
{
    struct ifreq link = {0};
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int room = BACKLOG, yes = 1, down, frames = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof down;
    if (frames < 0)
        return -1;
    snprintf(link.ifr_name, sizeof link.ifr_name, "%s", device);
    if (ioctl(frames, SIOCGIFINDEX, &link))
        return close(frames), -1;
    at.sll_ifindex = link.ifr_ifindex;
    setsockopt(frames, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    static const int wanted[] = {PACKET_VNET_HDR, PACKET_AUXDATA, PACKET_QDISC_BYPASS};
    for (size_t each = 0; each < sizeof wanted / sizeof *wanted; each++)
        setsockopt(frames, SOL_PACKET, wanted[each], &yes, sizeof yes);
    link.ifr_flags = IFF_UP | IFF_NOARP | IFF_PROMISC;
    if (bind(frames, (struct sockaddr *)&at, sizeof at) || ioctl(frames, SIOCSIFFLAGS, &link))
        return close(frames), -1;
    getsockopt(frames, SOL_SOCKET, SO_ERROR, &down, &size); /* that it was down: else it would be told for ever */
    return frames;
}

/* Makes the tap of a link, which the user of boots may open; 0, or -1 with errno. */
static int make_tap(struct link *link)
{
    struct ifreq asked = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    memcpy(asked.ifr_name, link->name, sizeof asked.ifr_name);
    memcpy(link->device, link->name, sizeof link->device);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &asked) || ioctl(tap, TUNSETOWNER, NOBODY) || ioctl(tap, TUNSETPERSIST, 1))
        return -1;
    close(tap);
    return (link->frames = open_frames(link->device)) < 0 ? -1 : set_mtu(link);
}

/* Makes those that a slot's words name; how many, or -1 with errno. */
static int make_links(char *words, size_t length, struct link *links, int most)
{
    int count = 0;
    char kind;
    for (char *word = words; word < words + length; word += strlen(word) + 1) {
        struct link link = {.frames = -1};
        if (sscanf(word, "%c%15s %d", &kind, link.name, &link.mtu) != 3 || (kind != 'L' && kind != 'V'))
            continue;
        if (count == most || (kind == 'L' && make_tap(&link)))
            return -1;
        links[count++] = link;
    }
    return count;
}

/* The same in the machine's own network. */
static int open_back_end(const char *device)
{
    int frames = -1, lost = 0, here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (here >= 0 && !setns(machine_network, CLONE_NEWNET)) {
        frames = open_frames(device);
        lost = setns(here, CLONE_NEWNET);
    }
    close(here);
    return lost ? -1 : frames;
}

/* Lets a link that is no tap have the back end of a line `BACK_END LINK`; 0, or -1 with errno. */
static int take_back_end(const char *line, struct link *links, int count)
{
    char device[IFNAMSIZ] = "", name[IFNAMSIZ] = "";
    sscanf(line, "%15s %15s", device, name);
    for (struct link *link = links; link < links + count; link++)
        if (!strcmp(link->name, name) && strcmp(link->device, name) && !strncmp(device, BACK_END, strlen(BACK_END))) {
            if (link->frames >= 0)
                close(link->frames);
            memcpy(link->device, device, sizeof device);
            if ((link->frames = open_back_end(device)) < 0)
                return -1;
            set_mtu(link); /* until its domain is there, it takes no more than the usual */
            return 0;
        }
    return 0;
}

/* Ends a checksum that the guest has left to its device; a sum of zero is written as the other zero. */
static void end_checksum(const struct virtio_net_hdr *before, uint8_t *frame, size_t length)
{
    size_t from = before->csum_start, at = from + before->csum_offset;
    uint32_t sum = 0;
    if (!(before->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || at + 2 > length)
        return;
    for (size_t each = from; each < length; each++)
        sum += (each - from) % 2 ? frame[each] : frame[each] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    sum = sum == 0xffff ? sum : ~sum & 0xffff;
    frame[at] = sum >> 8, frame[at + 1] = sum;
}

/* The next frame that a guest has sent, as it would be on a wire; 0 if what was next is none, less if nothing is there. */
static ssize_t next_frame(int frames, uint8_t *frame, size_t most)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct virtio_net_hdr before = {0};
    struct sockaddr_ll from = {0};
    struct iovec parts[] = {{&before, sizeof before}, {frame, most - TAG}};
    struct msghdr whole = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = parts, .msg_iovlen = 2};
    whole.msg_control = control.space, whole.msg_controllen = sizeof control.space;
    ssize_t length = recvmsg(frames, &whole, MSG_DONTWAIT) - (ssize_t)sizeof before;
    if (length < 0)
        return errno == ENETDOWN ? 0 : -1; /* what was sent before the device went can still be had */
    if (length < TAG_AT || from.sll_pkttype == PACKET_OUTGOING || whole.msg_flags & MSG_TRUNC)
        return 0;
    end_checksum(&before, frame, length);
    struct cmsghdr *head = CMSG_FIRSTHDR(&whole);
    struct tpacket_auxdata more = {0};
    if (head && head->cmsg_level == SOL_PACKET && head->cmsg_type == PACKET_AUXDATA)
        memcpy(&more, CMSG_DATA(head), sizeof more);
    if (!(more.tp_status & TP_STATUS_VLAN_VALID))
        return length;
    uint16_t tag[] = {htons(more.tp_vlan_tpid ? more.tp_vlan_tpid : ETHERTYPE_VLAN), htons(more.tp_vlan_tci)};
    memmove(frame + TAG_AT + TAG, frame + TAG_AT, length - TAG_AT);
    memcpy(frame + TAG_AT, tag, TAG);
    return length + TAG;
}

/* One that nobody takes is lost. */
static void send_frame(const struct link *link, uint8_t *frame, size_t length)
{
    struct virtio_net_hdr before = {0};
    struct iovec parts[] = {{&before, sizeof before}, {frame, length}};
    struct msghdr whole = {.msg_iov = parts, .msg_iovlen = 2};
    if (sendmsg(link->frames, &whole, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EMSGSIZE && !set_mtu(link))
        sendmsg(link->frames, &whole, MSG_DONTWAIT | MSG_NOSIGNAL);
}
