/* What the kernel is asked of the network of this container, in its own messages: a part of the agent's source.
 *
 * The types of <linux/...> are written out: not each compiler's image has those headers.
 */
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#define NETLINK 16 /* AF_NETLINK */
#define IS_ERROR 2 /* NLMSG_ERROR, which an acknowledgement is, too */
#define IS_DONE 3 /* NLMSG_DONE, the last of a dump */

struct message { /* nlmsghdr of netlink(7) */
    uint32_t length;
    uint16_t type, flags;
    uint32_t sequence, port;
};

/* Whether the kernel holds a socket of this network: a connection of a boot that ended, whose port the next could not
   take, too; or half a packet, which it would join with one of the next boot. By its counts, for /proc/net/tcp goes through the table of the whole machine, which takes 10 ms. */
static int has_sockets(void)
{
    const char *files[] = {"/proc/net/sockstat", "/proc/net/sockstat6"}; /* the second only with IPv6 */
    char line[256];
    int held = 0, known = 0;
    for (int index = 0; index < 2; index++) {
        FILE *file = fopen(files[index], "re");
        while (file && fgets(line, sizeof line, file)) {
            int used = 0, waiting = 0;
            known |= sscanf(line, "TCP: inuse %d orphan %*d tw %d", &used, &waiting) == 2;
            if (!used)
                sscanf(line, "%*[A-Z0-9]: inuse %d", &used);
            held += used + waiting;
        }
        if (file)
            fclose(file);
    }
    return held || !known;
}

/* How many of these messages are the last of their answer; -1 if they are none. */
static int count_last(const char *bytes, size_t length, int every)
{
    struct message each;
    int count = 0;
    for (size_t at = 0; at < length; at += (each.length + 3) & ~3U) {
        if (length - at < sizeof each)
            return -1;
        memcpy(&each, bytes + at, sizeof each);
        if (each.length < sizeof each || each.length > length - at)
            return -1;
        count += every || each.type == IS_ERROR || each.type == IS_DONE;
    }
    return count;
}

/* Asks the kernel; the length of its answer, or -1 with errno. It answers before the question is sent, or never. */
static ssize_t ask(int protocol, const char *request, size_t length, char *answer, size_t most)
{
    int kernel = socket(NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), waiting = count_last(request, length, 1);
    ssize_t got = -1, all = 0;
    errno = waiting > 0 ? errno : EINVAL;
    if (kernel >= 0 && waiting > 0 && send(kernel, request, length, 0) == (ssize_t)length)
        do {
            got = recv(kernel, answer + all, most - all, MSG_DONTWAIT | MSG_TRUNC);
            if (got > (ssize_t)most - all)
                got = -1, errno = EMSGSIZE;
            if (got > 0)
                waiting -= count_last(answer + all, got, 0), all += got;
        } while (got > 0 && waiting > 0);
    int why = errno;
    if (kernel >= 0)
        close(kernel);
    errno = why;
    return got > 0 ? all : -1;
}

struct order {
    int kernel;
    size_t length;
    char bytes[];
};

static void *sent(void *given)
{
    struct order *order = given;
    send(order->kernel, order->bytes, order->length, 0);
    close(order->kernel);
    free(order);
    return NULL;
}

/* Tells the kernel, which forgets a link at once and takes long to free it: in a thread, for no process may be left when
   a boot has ended. 0, or -1 with errno. */
static int post(int protocol, const char *bytes, size_t length)
{
    struct order *order = malloc(sizeof *order + length);
    pthread_t thread;
    if (!order || (order->kernel = socket(NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) < 0) {
        free(order);
        return -1;
    }
    order->length = length;
    memcpy(order->bytes, bytes, length);
    if ((errno = pthread_create(&thread, NULL, sent, order))) {
        close(order->kernel);
        free(order);
        return -1;
    }
    pthread_detach(thread);
    return 0;
}
