/* The wire: how who started the container reaches into its network, with the rights that only the agent has.
 *
 * A Unix socket of whole messages, one answer for each request, whether a boot runs or none; see `wire.py`.
 *   tap NAME                  makes a tap that the boot's user may open             ok INDEX
 *   relay NAME                carries that link's frames to and from QEMU           ok INDEX
 *   usher TAP LINK            attends that tap until its bridge passes its frames   ok
 *   socket DOMAIN TYPE PROTO  makes a socket in this network                        ok, and its descriptor
 *   netlink PROTO NUL BYTES   asks the kernel; each message must want an answer     ok NUL BYTES
 *   post PROTO NUL BYTES      tells the kernel, and does not wait for it                 ok
 *   give                      hands out this network                                ok, and its descriptor
 *   take, and a descriptor    keeps that of another network, for messages to name   ok NUMBER
 *   drop NUMBER               keeps it no more                                      ok
 *   held                      whether the kernel still holds sockets of it          ok 0 | ok 1
 * or else `error ERRNO`.
 */
#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define TUN "/dev/net/tun"
#define SET_TAP _IOW('T', 202, int) /* TUNSETIFF */
#define SET_STAYING _IOW('T', 203, int) /* TUNSETPERSIST */
#define SET_OWNER _IOW('T', 204, int) /* TUNSETOWNER */
#define NEW_TAP (0x0002 | 0x1000 | 0x8000) /* IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL: one that was not there */
#define MOST 131072 /* bytes of a request or an answer: of 16 networks all links together take 70 KB */
#define KEPT 64 /* descriptors that are kept for who asks */

/* Connects to the socket in that folder; -1 if there is none, as for boots without a network. */
static int wired(const char *box)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/wire", box);
    int wire = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (wire >= 0 && !connect(wire, (struct sockaddr *)&address, sizeof address))
        return wire;
    close(wire);
    return -1;
}

/* Its index, or -1 with errno. */
static int make_tap(const char *name, uid_t owner)
{
    struct ifreq asked = {.ifr_flags = (short)NEW_TAP};
    snprintf(asked.ifr_name, IFNAMSIZ, "%s", name);
    int device = open(TUN, O_RDWR | O_CLOEXEC);
    int failed = device < 0 || ioctl(device, SET_TAP, &asked) || ioctl(device, SET_OWNER, (unsigned long)owner) ||
                 ioctl(device, SET_STAYING, 1UL);
    int why = errno;
    int index = failed ? -1 : (int)if_nametoindex(name);
    if (device >= 0)
        close(device);
    if (failed)
        errno = why;
    return index > 0 ? index : -1;
}

static int kept[KEPT], kept_count;

/* Keeps a descriptor; its number, or -1 with errno. */
static int keep(int descriptor)
{
    errno = kept_count < KEPT ? EINVAL : EMFILE;
    if (descriptor < 0 || kept_count == KEPT)
        return -1;
    return kept[kept_count++] = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

/* Keeps no longer what was kept; 0, or -1 with errno. */
static int drop(int descriptor)
{
    for (int index = 0; index < kept_count; index++)
        if (kept[index] == descriptor) {
            kept[index] = kept[--kept_count];
            return close(descriptor);
        }
    errno = EBADF;
    return -1;
}

union rights { /* one descriptor that goes with a message */
    struct cmsghdr head;
    char space[CMSG_SPACE(sizeof(int))];
};

/* The next request, and its descriptor or -1. */
static ssize_t receive(int wire, char *bytes, size_t most, int *descriptor)
{
    union rights control = {0};
    struct iovec part = {bytes, most};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space};
    whole.msg_controllen = sizeof control.space;
    ssize_t length = recvmsg(wire, &whole, MSG_CMSG_CLOEXEC);
    struct cmsghdr *head = length < 0 ? NULL : CMSG_FIRSTHDR(&whole);
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
        return length;
    memcpy(descriptor, CMSG_DATA(head), sizeof *descriptor);
    for (size_t at = sizeof *descriptor; CMSG_LEN(at) < head->cmsg_len; at += sizeof *descriptor) { /* one too many */
        int other;
        memcpy(&other, CMSG_DATA(head) + at, sizeof other);
        close(other);
    }
    return length;
}

static void reply(int wire, const char *bytes, size_t length, int descriptor)
{
    union rights control = {0};
    struct iovec part = {(char *)bytes, length};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        control.head.cmsg_len = CMSG_LEN(sizeof descriptor);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(&control.head), &descriptor, sizeof descriptor);
        whole.msg_control = control.space;
        whole.msg_controllen = sizeof control.space;
    }
    sendmsg(wire, &whole, MSG_NOSIGNAL | MSG_DONTWAIT); /* one who asks, and does not read, gets nothing */
}

/* Answers the next request; the wire, or -1 if nobody is at its other end any more. */
static int serve(int wire, uid_t owner)
{
    static char request[MOST + 1], answer[MOST];
    char name[IFNAMSIZ + 1], other[IFNAMSIZ + 1]; /* one more than a link's may have, to tell that it is too long */
    int domain, kind, protocol, begin = 0, descriptor = -1, given = -1;
    ssize_t length = receive(wire, request, MOST, &given), said = -1;
    if (length <= 0) {
        close(wire);
        return -1;
    }
    request[length] = 0;
    errno = EINVAL;
    if (sscanf(request, "tap %16s%n", name, &begin) == 1 && begin == length && strlen(name) < IFNAMSIZ) {
        int index = make_tap(name, owner);
        said = index < 0 ? -1 : snprintf(answer, sizeof answer, "ok %d", index);
    } else if (sscanf(request, "relay %16s%n", name, &begin) == 1 && begin == length && strlen(name) <= LONGEST_NAME) {
        int index = make_relay(name);
        said = index < 0 ? -1 : snprintf(answer, sizeof answer, "ok %d", index);
    } else if (sscanf(request, "usher %16s %16s%n", name, other, &begin) == 2 && begin == length) {
        said = make_usher(name, other) ? -1 : snprintf(answer, sizeof answer, "ok");
    } else if (sscanf(request, "socket %d %d %d", &domain, &kind, &protocol) == 3) {
        descriptor = socket(domain, kind | SOCK_CLOEXEC, protocol);
        said = descriptor < 0 ? -1 : snprintf(answer, sizeof answer, "ok");
    } else if (sscanf(request, "netlink %d%n", &protocol, &begin) == 1 && begin++ < length) {
        memcpy(answer, "ok", 3);
        said = ask(protocol, request + begin, length - begin, answer + 3, sizeof answer - 3);
        said = said < 0 ? -1 : said + 3;
    } else if (sscanf(request, "post %d%n", &protocol, &begin) == 1 && begin++ < length) {
        said = post(protocol, request + begin, length - begin) ? -1 : snprintf(answer, sizeof answer, "ok");
    } else if (!strcmp(request, "give")) {
        descriptor = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        said = descriptor < 0 ? -1 : snprintf(answer, sizeof answer, "ok");
    } else if (!strcmp(request, "take")) {
        int number = keep(given);
        said = number < 0 ? -1 : snprintf(answer, sizeof answer, "ok %d", number);
    } else if (sscanf(request, "drop %d", &protocol) == 1) {
        said = drop(protocol) ? -1 : snprintf(answer, sizeof answer, "ok");
    } else if (!strcmp(request, "held")) {
        said = snprintf(answer, sizeof answer, "ok %d", has_sockets());
    }
    if (said < 0)
        said = snprintf(answer, sizeof answer, "error %d", errno);
    reply(wire, answer, said, descriptor);
    if (descriptor >= 0)
        close(descriptor);
    if (given >= 0)
        close(given);
    return wire;
}
