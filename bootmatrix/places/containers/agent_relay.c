/* The relay: without a tap, a thread for each interface carries frames between a link and QEMU, which comes as a
 * client to a Unix socket in the abstract names of this network: `-netdev stream`, whose frames each have their length
 * before them, 4 bytes, the first the highest. A guest that sends more than the link takes, or reads less than it is
 * sent, waits or loses frames; nothing here grows, and no other thread waits for this one. It ends when its link is
 * gone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FAR "-far" /* the end of a link from which the relay reads has this after its name */
#define LONGEST_NAME (IFNAMSIZ - sizeof FAR) /* of the other end */
#define HEAD 4
#define LARGEST (65535 + 18) /* bytes of a frame */
#define AT_ONCE 64 /* frames of one direction before the other has its turn */
#define PATIENCE 1000 /* ms that the relay of the boot before has to end */
#define TAG 4
#define TAG_AT 12 /* where a frame has its VLAN tag, which the kernel takes out of it */
#define AUXDATA 8 /* PACKET_AUXDATA of packet(7) */
#define QDISC_BYPASS 20 /* PACKET_QDISC_BYPASS: else frames are lost until the kernel has seen the link come up */
#define BACKLOG (4 << 20) /* bytes of frames that the guest has not taken yet, where the kernel allows so many */
#define HAS_TAG (1 << 4) /* TP_STATUS_VLAN_VALID */
#define ETHTOOL 0x8946 /* SIOCETHTOOL */
#define SET_CHECKSUMS 0x17 /* ETHTOOL_STXCSUM */

struct auxiliary { /* tpacket_auxdata */
    uint32_t status, length, captured;
    uint16_t mac, net, tag, protocol;
};

struct relay {
    int frames, door, guest; /* guest: -1 while none is there */
    size_t received, waiting, sent; /* of `from`; of `to`, and how much of that the guest has */
    uint8_t from[4 * (HEAD + LARGEST)], to[HEAD + TAG + LARGEST];
};

static void hang_up(struct relay *relay)
{
    close(relay->guest);
    relay->guest = -1;
    relay->received = relay->waiting = relay->sent = 0;
}

/* Sends the whole frames that have come from the guest; one that the link does not take is lost. */
static void send_frames(struct relay *relay)
{
    size_t at = 0;
    while (relay->received - at >= HEAD) {
        const uint8_t *head = relay->from + at;
        size_t length = (size_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
        if (!length || length > LARGEST) { /* no frame, and what follows cannot be told */
            hang_up(relay);
            return;
        }
        if (relay->received - at < HEAD + length)
            break;
        send(relay->frames, head + HEAD, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        at += HEAD + length;
    }
    memmove(relay->from, relay->from + at, relay->received -= at);
}

static void from_guest(struct relay *relay)
{
    for (int count = 0; relay->guest >= 0 && count < AT_ONCE; count++) {
        size_t room = sizeof relay->from - relay->received;
        ssize_t got = recv(relay->guest, relay->from + relay->received, room, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            hang_up(relay);
            return;
        }
        relay->received += got;
        send_frames(relay);
    }
}

/* What the guest takes now of the frame that is on its way. */
static void to_guest(struct relay *relay)
{
    size_t left = relay->waiting - relay->sent;
    ssize_t sent = send(relay->guest, relay->to + relay->sent, left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        hang_up(relay);
    else if (sent > 0 && (relay->sent += sent) == relay->waiting)
        relay->waiting = relay->sent = 0;
}

/* The next frame, with its tag, behind the `before` bytes that the kernel puts there. Its length without those, -1 if there
   is none, 0 if it is not whole; `kind` is PACKET_OUTGOING or another of packet(7). */
static ssize_t take_frame(int frames, uint8_t *at, size_t before, int *kind)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(struct auxiliary))];
    } control;
    struct sockaddr_ll from = {0};
    uint8_t *frame = at + before;
    struct iovec parts[] = {{at, before}, {frame + TAG, LARGEST}};
    struct msghdr whole = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = parts, .msg_iovlen = 2};
    whole.msg_control = control.space, whole.msg_controllen = sizeof control.space;
    ssize_t length = recvmsg(frames, &whole, MSG_DONTWAIT);
    if (length < 0)
        return -1;
    *kind = from.sll_pkttype;
    length -= before;
    if (length < TAG_AT || whole.msg_flags & MSG_TRUNC)
        return 0;
    struct cmsghdr *head = CMSG_FIRSTHDR(&whole);
    struct auxiliary more = {0};
    if (head && head->cmsg_level == SOL_PACKET && head->cmsg_type == AUXDATA)
        memcpy(&more, CMSG_DATA(head), sizeof more);
    if (!(more.status & HAS_TAG)) {
        memmove(frame, frame + TAG, length);
        return length;
    }
    uint16_t tag[] = {htons(more.protocol ? more.protocol : ETHERTYPE_VLAN), htons(more.tag)};
    memmove(frame, frame + TAG, TAG_AT);
    memcpy(frame + TAG_AT, tag, TAG);
    return length + TAG;
}

/* The next frame of the link for the guest; -1 if there is none, 0 if it is not for the guest. */
static ssize_t next_frame(struct relay *relay)
{
    int kind = PACKET_OUTGOING;
    ssize_t length = take_frame(relay->frames, relay->to + HEAD, 0, &kind);
    return length > 0 && (kind == PACKET_OUTGOING || relay->guest < 0) ? 0 : length;
}

/* 0 when the link is gone. */
static int from_link(struct relay *relay)
{
    for (int count = 0; !relay->waiting && count < AT_ONCE; count++) {
        ssize_t length = next_frame(relay);
        if (length < 0)
            return errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
        if (!length)
            continue;
        uint8_t head[HEAD] = {length >> 24, length >> 16, length >> 8, length};
        memcpy(relay->to, head, HEAD);
        relay->waiting = HEAD + length;
        to_guest(relay);
    }
    return 1;
}

static void *carry(void *given)
{
    struct relay *relay = given;
    int there = 1;
    while (there) {
        int guest = relay->guest;
        struct pollfd events[] = {{relay->frames, relay->waiting ? 0 : POLLIN, 0},
                                  {guest < 0 ? relay->door : guest, POLLIN | (relay->waiting ? POLLOUT : 0), 0}};
        if (poll(events, 2, -1) < 0)
            continue;
        if (guest < 0 && events[1].revents)
            relay->guest = accept4(relay->door, NULL, NULL, SOCK_CLOEXEC);
        else if (events[1].revents & POLLOUT)
            to_guest(relay);
        if (guest >= 0 && relay->guest >= 0 && events[1].revents & (POLLIN | POLLHUP | POLLERR))
            from_guest(relay);
        there = !(events[0].revents & POLLERR) && (!(events[0].revents & POLLIN) || from_link(relay));
    }
    if (relay->guest >= 0)
        close(relay->guest);
    close(relay->frames);
    close(relay->door);
    free(relay);
    return NULL;
}

/* Where QEMU comes to: a name of this network alone; -1 with errno. */
static int opened_door(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", name);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
    int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (int tried = 0; door >= 0 && tried < PATIENCE; tried++) {
        if (!bind(door, (struct sockaddr *)&address, length))
            return listen(door, 1) ? -1 : door;
        if (errno != EADDRINUSE)
            break;
        poll(NULL, 0, 1);
    }
    int why = errno;
    if (door >= 0)
        close(door);
    errno = why;
    return -1;
}

/* All frames of a link, once it is bound; -1 with errno. Of a name that is no link nothing is read. */
static int opened_frames(const char *name)
{
    struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int frames = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), yes = 1, backlog = BACKLOG;
    link.sll_ifindex = (int)if_nametoindex(name);
    setsockopt(frames, SOL_SOCKET, SO_RCVBUFFORCE, &backlog, sizeof backlog);
    if (frames >= 0 && link.sll_ifindex && !setsockopt(frames, SOL_PACKET, AUXDATA, &yes, sizeof yes) &&
        !setsockopt(frames, SOL_PACKET, QDISC_BYPASS, &yes, sizeof yes) &&
        !bind(frames, (struct sockaddr *)&link, sizeof link))
        return frames;
    int why = errno;
    if (frames >= 0)
        close(frames);
    errno = why;
    return -1;
}

/* Lets the kernel make whole what it sends on a link: what reads at the other end is no device that adds checksums. */
static int make_whole(int any, const char *name)
{
    uint32_t none[2] = {SET_CHECKSUMS, 0};
    struct ifreq asked = {.ifr_data = (char *)none};
    snprintf(asked.ifr_name, IFNAMSIZ, "%s", name);
    return ioctl(any, ETHTOOL, &asked);
}

/* Begins to carry the frames of a link that is there; its index, or -1 with errno. */
static int make_relay(const char *name)
{
    char far[IFNAMSIZ];
    pthread_t thread;
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return -1;
    snprintf(far, sizeof far, "%.*s" FAR, (int)LONGEST_NAME, name);
    relay->guest = relay->door = -1;
    relay->frames = opened_frames(far);
    int index = (int)if_nametoindex(name);
    if (index > 0 && relay->frames >= 0 && !make_whole(relay->frames, name) && (relay->door = opened_door(name)) >= 0 &&
        !(errno = pthread_create(&thread, NULL, carry, relay))) {
        pthread_detach(thread);
        return index;
    }
    int why = errno;
    if (relay->frames >= 0)
        close(relay->frames);
    if (relay->door >= 0)
        close(relay->door);
    free(relay);
    errno = why;
    return -1;
}
