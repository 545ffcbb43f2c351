/* The links of a slot of a box, in a network of this program's own, by the ferry's own source. Prints what came, a line each. */
#include "ferry_link.c"

#include <linux/if_ether.h>
#include <poll.h>
#include <stdlib.h>

static void check(int well, const char *what)
{
    if (!well) {
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
        exit(1);
    }
}

/* A tap, by the end that a guest has. */
static int opened(const char *name, int flags)
{
    struct ifreq asked = {.ifr_flags = IFF_TAP | IFF_NO_PI | flags};
    int tap = open("/dev/net/tun", O_RDWR);
    memcpy(asked.ifr_name, name, strlen(name) + 1);
    check(!ioctl(tap, TUNSETIFF, &asked), name);
    return tap;
}

static void print(const char *what, const uint8_t *bytes, ssize_t length)
{
    printf("%s ", what);
    for (ssize_t at = 0; at < length; at++)
        printf("%02x", bytes[at]);
    printf("\n");
}

/* The next that comes by a link but what this kernel itself has to say, or the word that there is nothing. */
static void take(const char *what, const struct link *link)
{
    uint8_t frame[1 << 16];
    ssize_t length = 0;
    for (int looks = 0; !length && looks < 1000; looks++) {
        struct pollfd event = {link->frames, POLLIN, 0};
        poll(&event, 1, 1000);
        length = next_frame(link->frames, frame, sizeof frame);
    }
    print(what, frame, length);
}

int main(void)
{
    char words[] = "U65534\0Ltap0 1400\0Vtap1 9000";
    static struct link links[2];
    /* A datagram with a VLAN tag, and of its checksum what a guest leaves to its device: the sum of the false header. */
    static uint8_t tagged[] = "\1\0\0\0\0\0\46\0\6\0" "\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\0\5\x08\0"
                              "\x45\0\0\37\0\1\0\0\x40\x11\x66\xcb\x0a\0\0\2\x0a\0\0\1" "\4\0\0\7\0\x0b\x14\x1f" "odd";
    static uint8_t plain[60] = "\2\0\0\0\0\1\2\0\0\0\0\2\x88\xb5", got[100];
    machine_network = open("/proc/self/ns/net", O_RDONLY);
    check(make_links(words, sizeof words, links, 2) == 2, "links");
    int guest = opened("tap0", IFF_VNET_HDR), back = opened("vif9.0", 0);
    check(write(guest, tagged, sizeof tagged - 1) > 0, "write");
    take("tagged", links);

    check(links[1].frames < 0, "a back end that is not there yet");
    check(!take_back_end("vif9.0 tap0", links, 2) && !take_back_end("tap0 tap1", links, 2), "what is none");
    check(links[1].frames < 0 && !strcmp(links[0].device, "tap0"), "it stays");
    check(take_back_end("vif8.0 tap1", links, 2) < 0, "no such device");
    check(!take_back_end("vif9.0 tap1", links, 2), "the back end");
    check(write(back, plain, sizeof plain) > 0, "write");
    take("plain", links + 1);
    plain[5] = 3;
    send_frame(links + 1, plain, sizeof plain);
    while (got[5] != 3)
        check(read(back, got, sizeof got) > 0, "read");
    print("sent", got, sizeof plain);
    plain[5] = 4;
    check(write(back, plain, sizeof plain) > 0, "write");
    close(back);
    take("last", links + 1);
    take("nothing", links + 1);
    return 0;
}
