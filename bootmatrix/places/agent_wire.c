/* The wire: how who started the container reaches into its network, which has the rights that only the agent has here.
 *
 * A Unix socket of whole messages, one answer for each request, in any order with the boots; see `wire.py`, its other end.
 *   tap NAME                  makes a tap that the boot's user may open             ok INDEX
 *   socket DOMAIN TYPE PROTO  makes a socket in this network                        ok, and its descriptor
 *   netlink PROTO NUL BYTES   asks the kernel; each message must want an answer     ok NUL BYTES
 *   post PROTO NUL BYTES      tells the kernel, and does not wait: it forgets a link at once, and frees it later      ok
 *   held                      whether the kernel still holds sockets of it          ok 0 | ok 1
 *   give                      this network itself                                   ok, and its descriptor
 *   take, and a descriptor    keeps that of another network                         ok NUMBER, by which netlink knows it
 *   drop NUMBER               closes what was kept                                  ok
 * or else `error ERRNO`.
 */
#include <sys/select.h>
#include <sys/un.h>

static fd_set kept; /* the descriptors that were taken */

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

/* The next request's length, and its descriptor, or -1. */
static ssize_t hear(int wire, char *request, size_t most, int *came)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof *came)];
    } control;
    struct iovec part = {request, most};
    struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
    whole.msg_controllen = CMSG_LEN(sizeof *came); /* one alone: what is padded has room for two */
    ssize_t length = recvmsg(wire, &whole, MSG_CMSG_CLOEXEC);
    struct cmsghdr *head = length < 0 ? NULL : CMSG_FIRSTHDR(&whole);
    *came = -1;
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(came, CMSG_DATA(head), sizeof *came);
    return length;
}

static void reply(int wire, const char *bytes, size_t length, int descriptor)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof descriptor)];
    } control = {0};
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

/* Keeps a descriptor; its number, or -1 with errno. */
static int keep(int *came)
{
    int number = *came;
    errno = number < 0 ? EBADF : EMFILE;
    if (number < 0 || number >= FD_SETSIZE)
        return -1;
    FD_SET(number, &kept);
    *came = -1;
    return number;
}

/* Closes one that is kept, and no other; 0, or -1 with errno. */
static int drop(int number)
{
    errno = EBADF;
    if (number < 0 || number >= FD_SETSIZE || !FD_ISSET(number, &kept))
        return -1;
    FD_CLR(number, &kept);
    return close(number);
}

/* Does what is asked for, and writes the answer; its length, or -1 with errno. `came` has a descriptor that came with the
   request, or -1; `goes` gets one that goes with the answer. */
static ssize_t answered(const char *request, ssize_t length, char *answer, int *came, int *goes, uid_t owner)
{
    char name[IFNAMSIZ + 1]; /* one more than a link's may have, to tell that it is too long */
    int domain, kind, protocol, number = 0, begin = 0;
    errno = EINVAL;
    if (sscanf(request, "netlink %d%n", &protocol, &begin) == 1 && begin++ < length) {
        memcpy(answer, "ok", 3);
        ssize_t said = ask(protocol, request + begin, length - begin, answer + 3, MOST - 3);
        return said < 0 ? -1 : said + 3;
    }
    if (sscanf(request, "post %d%n", &protocol, &begin) == 1 && begin++ < length)
        return post(protocol, request + begin, length - begin) ? -1 : snprintf(answer, MOST, "ok");
    if (sscanf(request, "socket %d %d %d", &domain, &kind, &protocol) == 3) {
        *goes = socket(domain, kind | SOCK_CLOEXEC, protocol);
        return *goes < 0 ? -1 : snprintf(answer, MOST, "ok");
    }
    if (!strcmp(request, "give")) {
        *goes = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        return *goes < 0 ? -1 : snprintf(answer, MOST, "ok");
    }
    if (sscanf(request, "drop %d%n", &number, &begin) == 1 && begin == length)
        return drop(number) ? -1 : snprintf(answer, MOST, "ok");
    if (sscanf(request, "tap %16s%n", name, &begin) == 1 && begin == length && strlen(name) < IFNAMSIZ)
        number = make_tap(name, owner);
    else if (!strcmp(request, "take"))
        number = keep(came);
    else if (!strcmp(request, "held"))
        number = has_sockets();
    else
        return -1;
    return number < 0 ? -1 : snprintf(answer, MOST, "ok %d", number);
}

/* Answers the next request; the wire, or -1 if nobody is at its other end any more. */
static int serve(int wire, uid_t owner)
{
    static char request[MOST + 1], answer[MOST];
    int came, goes = -1;
    ssize_t length = hear(wire, request, MOST, &came);
    if (length <= 0) {
        close(wire);
        return -1;
    }
    request[length] = 0;
    ssize_t said = answered(request, length, answer, &came, &goes, owner);
    if (said < 0)
        said = snprintf(answer, sizeof answer, "error %d", errno);
    reply(wire, answer, said, goes);
    if (came >= 0)
        close(came);
    if (goes >= 0)
        close(goes);
    return wire;
}
