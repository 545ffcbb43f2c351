/* A router of a few lines between two taps. `router TAP ADDRESS MAC PEER TAP ADDRESS MAC PEER`: PEER is the MAC of the
 * machine on that side to which all is sent that comes from the other. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned char frame[65536];

struct side {
    int tap;
    unsigned char address[4], mac[6], peer[6];
} sides[2];

static void read_mac(const char *text, unsigned char *mac)
{
    for (int each = 0; each < 6; each++)
        mac[each] = strtol(text + 3 * each, NULL, 16);
}

static int attach(struct side *side, char **words)
{
    struct ifreq asked = {.ifr_flags = 0x1002}; /* IFF_TAP | IFF_NO_PI */
    snprintf(asked.ifr_name, IFNAMSIZ, "%s", words[0]);
    side->tap = open("/dev/net/tun", O_RDWR);
    read_mac(words[2], side->mac);
    read_mac(words[3], side->peer);
    return inet_pton(AF_INET, words[1], side->address) == 1 && !ioctl(side->tap, _IOW('T', 202, int), &asked);
}

/* Whether it is asked for its own address, and the answer is in `frame`. */
static int is_asked(const struct side *side)
{
    unsigned char *arp = frame + 14;
    if (memcmp(frame + 12, "\x08\x06", 2) || arp[7] != 1 || memcmp(arp + 24, side->address, 4))
        return 0;
    memcpy(arp + 18, arp + 8, 10);
    memcpy(arp + 8, side->mac, 6);
    memcpy(arp + 14, side->address, 4);
    arp[7] = 2;
    memcpy(frame, frame + 6, 6);
    return 1;
}

static void serve(const struct side *here, const struct side *there)
{
    int length = read(here->tap, frame, sizeof frame);
    const struct side *to = here;
    if (length > 34 && !memcmp(frame + 12, "\x08\0", 2) && memcmp(frame + 30, here->address, 4)) {
        to = there;
        memcpy(frame, there->peer, 6);
    } else if (length < 42 || !is_asked(here))
        return;
    memcpy(frame + 6, to->mac, 6);
    if (write(to->tap, frame, length) != length)
        perror("write");
}

int main(int argc, char **argv)
{
    if (argc != 9 || !attach(&sides[0], argv + 1) || !attach(&sides[1], argv + 5)) {
        perror("router");
        return 1;
    }
    struct pollfd events[] = {{sides[0].tap, POLLIN, 0}, {sides[1].tap, POLLIN, 0}};
    printf("attached\n");
    fflush(stdout);
    while (poll(events, 2, -1) > 0)
        for (int each = 0; each < 2; each++)
            if (events[each].revents)
                serve(&sides[each], &sides[!each]);
    return 0;
}
