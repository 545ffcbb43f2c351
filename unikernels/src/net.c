/*
 * Answers ARP, pings, and UDP datagrams at port 7 with what they hold
 * (RFC 862), until one of them says "quit".
 */
#include "udp.h"
#include "stack.h"
#include "string.h"

#define PORT_ECHO 7

const char *const guest_nic_names[] = {"service", NULL};
const char *const guest_disk_names[] = {NULL};

static bool over;

static bool is_quit(const struct datagram *datagram)
{
    static const char quit[] = "quit";
    size_t length = sizeof(quit) - 1;

    return datagram->length >= length && datagram->length <= length + 1 &&
           memcmp(datagram->data, quit, length) == 0 &&
           (datagram->length == length || datagram->data[length] == '\n');
}

static void answer(const struct datagram *datagram)
{
    struct datagram echo = {
        .from = datagram->to,
        .to = datagram->from,
        .from_port = PORT_ECHO,
        .to_port = datagram->from_port,
        .data = datagram->data,
        .length = datagram->length,
    };

    /* Two echo servers that meet would answer each other for ever. */
    if (datagram->to_port != PORT_ECHO || datagram->from_port == PORT_ECHO)
        return;
    over = is_quit(datagram);
    if (!over)
        udp_send(&echo);
}

void guest_main(const char *cmdline)
{
    stack_start(cmdline, 1);
    udp_listen(answer);
    guest_puts("ready\n");
    while (!over)
        stack_turn(1000000);
    guest_puts("SUCCESS\n");
    guest_exit(GUEST_PASSED);
}
