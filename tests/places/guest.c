/* A guest of a few lines: answers ARP, pings and TCP, whose bytes it sends back. `guest TAP ADDRESS MAC MISCHIEF`: on a
 * tap, or as QEMU does with `-netdev stream` at the socket of that name, if an @ is before it. There it takes no frame
 * that the link could not have carried.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define IP 14 /* where it begins in a frame */
#define MTU 1400 /* of the network in `networked.py` */
#define AGAIN 200 /* neighbours that a flood makes known */

static unsigned char frame[65536], address[4];
static unsigned char mac[6];
static unsigned next[65536], awaited[65536]; /* what is sent, and what comes, next, by the peer's port */

static unsigned short sum(const unsigned char *bytes, int length, unsigned long start)
{
    for (int at = 0; at + 1 < length; at += 2)
        start += bytes[at] << 8 | bytes[at + 1];
    if (length & 1)
        start += bytes[length - 1] << 8;
    while (start >> 16)
        start = (start & 0xffff) + (start >> 16);
    return htons(~start & 0xffff);
}

static void put(void *where, unsigned long value, int bytes)
{
    for (unsigned char *to = where; bytes--;)
        *to++ = value >> 8 * bytes;
}

static unsigned long get(const unsigned char *from, int bytes)
{
    unsigned long value = 0;
    while (bytes--)
        value = value << 8 | *from++;
    return value;
}

static void turn(unsigned char *one, unsigned char *other, int bytes)
{
    unsigned char kept[6];
    memcpy(kept, one, bytes);
    memcpy(one, other, bytes);
    memcpy(other, kept, bytes);
}

/* Both are without options when we are done. */
static int tcp(int length)
{
    unsigned char *ip = frame + IP, *header = ip + (ip[0] & 15) * 4;
    unsigned char *data = header + (header[12] >> 4) * 4, flags = header[13];
    int more = ip + get(ip + 2, 2) - data;
    unsigned long theirs = get(header + 4, 4), port = get(header, 2);
    if (flags & 4 || (!more && !(flags & 3))) /* a reset, or only an acknowledgement */
        return 0;
    if (flags & 2)
        next[port] = 1000, awaited[port] = theirs;
    if (awaited[port] != theirs) /* what has come before, or too early: only that is said */
        more = flags = 0;
    awaited[port] += more + !!(flags & 3);
    memmove(ip + 40, data, more);
    turn(header, header + 2, 2);
    memmove(ip + 20, header, 20);
    header = ip + 20;
    put(header + 4, next[port], 4);
    next[port] += more + !!(flags & 3);
    put(header + 8, awaited[port], 4);
    header[12] = 5 << 4, header[13] = (flags & 3) | 16 | (more ? 8 : 0);
    put(header + 14, 65535, 2);
    put(header + 16, 0, 4);
    ip[0] = 0x45;
    put(ip + 2, 40 + more, 2);
    unsigned long pseudo = 6 + 20 + more;
    for (int at = 12; at < 20; at += 2)
        pseudo += get(ip + at, 2);
    unsigned short made = sum(header, 20 + more, pseudo);
    memcpy(header + 16, &made, 2);
    return length < 0 ? 0 : IP + 40 + more;
}

static int answered(int length)
{
    unsigned char *ip = frame + IP;
    if (get(frame + 12, 2) == 0x806 && ip[7] == 1 && !memcmp(ip + 24, address, 4)) {
        memcpy(ip + 18, ip + 8, 10);
        memcpy(ip + 8, mac, 6);
        memcpy(ip + 14, address, 4);
        ip[7] = 2;
    } else if (get(frame + 12, 2) == 0x800 && !memcmp(ip + 16, address, 4)) {
        turn(ip + 12, ip + 16, 4);
        if (ip[9] == 6)
            length = tcp(length);
        else if (ip[9] == 1 && ip[(ip[0] & 15) * 4] == 8) {
            unsigned char *echo = ip + (ip[0] & 15) * 4;
            echo[0] = 0;
            put(echo + 2, 0, 2);
            unsigned short made = sum(echo, get(ip + 2, 2) - (ip[0] & 15) * 4, 0);
            memcpy(echo + 2, &made, 2);
        } else
            return 0;
        put(ip + 10, 0, 2);
        unsigned short made = sum(ip, 20, 0);
        memcpy(ip + 10, &made, 2);
    } else
        return 0;
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, mac, 6);
    return length;
}

/* What the owner of a tap may do to it, and to whoever looks at its network. */
static void mischief(int tap, const char *name)
{
    struct ifreq asked = {0};
    if (strstr(name, "mac")) {
        asked.ifr_hwaddr.sa_family = 1;
        memcpy(asked.ifr_hwaddr.sa_data, "\2\1\1\1\1\1", 6);
        printf("mac %d\n", ioctl(tap, SIOCSIFHWADDR, &asked));
    }
    if (strstr(name, "owner"))
        printf("owner %d\n", ioctl(tap, _IOW('T', 204, int), 0UL));
    if (strstr(name, "gone"))
        printf("gone %d\n", ioctl(tap, _IOW('T', 203, int), 0UL));
    if (strstr(name, "fragment")) { /* the first half of a packet to the host */
        static const unsigned char head[] = {6,    0, 10, 0, 0, 1,    2, 0,  0,  0,    0,    2,  8, 0, 0x45, 0, 0,
                                             28,   0, 1,  0x20, 0, 64, 17, 0x46, 0xce, 10, 0, 0, 2,    10, 0, 0, 1};
        memset(frame, 0, 42);
        memcpy(frame, head, sizeof head);
        if (write(tap, frame, 42) != 42)
            perror("fragment");
    }
    int strangers = !!strstr(name, "strangers"); /* of no network that the host end reaches */
    for (int each = 3; (strangers || strstr(name, "neighbours")) && each < AGAIN; each++) { /* each asks for the host */
        memset(frame, 0xff, 6);
        memcpy(frame + 6, mac, 6);
        memcpy(frame + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
        memcpy(frame + 22, mac, 6);
        memcpy(frame + 28, address, 4);
        frame[31] = each;
        if (strangers)
            frame[28] = 77;
        memset(frame + 32, 0, 6);
        memcpy(frame + 38, address, 4);
        frame[41] = 1;
        if (write(tap, frame, 42) != 42)
            perror("neighbours");
    }
}

static int opened_tap(const char *name)
{
    struct ifreq asked = {.ifr_flags = 0x1002}; /* IFF_TAP | IFF_NO_PI */
    int tap = open("/dev/net/tun", O_RDWR);
    snprintf(asked.ifr_name, IFNAMSIZ, "%s", name);
    return tap < 0 || ioctl(tap, _IOW('T', 202, int), &asked) ? -1 : tap;
}

static int opened_socket(const char *name)
{
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    int end = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(there.sun_path + 1, name, sizeof there.sun_path - 2);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
    return connect(end, (struct sockaddr *)&there, length) ? -1 : end;
}

static int by_socket;

static int next_frame(int end)
{
    unsigned char head[4];
    if (!by_socket)
        return read(end, frame, sizeof frame);
    if (recv(end, head, 4, MSG_WAITALL) != 4)
        return -1;
    if (get(head, 4) > MTU + IP) {
        printf("a frame of %lu bytes\n", get(head, 4));
        return -1;
    }
    return recv(end, frame, get(head, 4), MSG_WAITALL);
}

static int sent(int end, int length)
{
    unsigned char head[4];
    put(head, length, 4);
    return (!by_socket || write(end, head, 4) == 4) && write(end, frame, length) == length;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    by_socket = argv[1][0] == '@';
    int length, end = by_socket ? opened_socket(argv[1] + 1) : opened_tap(argv[1]);
    for (int each = 0; each < 6; each++)
        mac[each] = strtol(argv[3] + 3 * each, NULL, 16);
    if (inet_pton(AF_INET, argv[2], address) != 1 || end < 0) {
        perror(argv[1]);
        return 1;
    }
    if (!by_socket)
        mischief(end, argv[4]);
    printf("attached\n");
    fflush(stdout);
    while ((length = next_frame(end)) > 0)
        if ((length = answered(length)) > 0 && !sent(end, length))
            perror("write");
    return 0;
}
