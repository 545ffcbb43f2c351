/*
 * Sends datagrams to the UDP echo port of another machine, and passes if all
 * of them come back: peer=ADDRESS count=N tries=N.
 */
#include "udp.h"
#include "stack.h"
#include "string.h"

#define PORT_ECHO 7
#define PORT_OURS 40000
#define PATIENCE 1000000 /* microseconds for each try */

const char *const guest_nic_names[] = {"service", NULL};
const char *const guest_disk_names[] = {NULL};

static uint32_t peer;
static uint64_t tries = 5; /* for each datagram */
static uint64_t number; /* of the datagram that is on its way */
static bool came_back;

static void receive(const struct datagram *datagram)
{
    if (datagram->from == peer && datagram->from_port == PORT_ECHO &&
        datagram->to_port == PORT_OURS && datagram->length == sizeof(number) &&
        memcmp(datagram->data, &number, sizeof(number)) == 0)
        came_back = true;
}

static void send(void)
{
    struct datagram datagram = {
        .from = ethernet_interface(0)->address,
        .to = peer,
        .from_port = PORT_OURS,
        .to_port = PORT_ECHO,
        .data = (const uint8_t *)&number,
        .length = sizeof(number),
    };

    udp_send(&datagram);
}

static bool ask(void)
{
    came_back = false;
    for (uint64_t i = 0; i < tries && !came_back; i++) {
        uint64_t begin = guest_clock();

        send();
        while (!came_back && guest_clock() - begin < PATIENCE)
            stack_turn(PATIENCE);
    }
    return came_back;
}

void guest_main(const char *cmdline)
{
    uint64_t count = 10;
    uint32_t mask;

    stack_start(cmdline, 1);
    udp_listen(receive);
    guest_number(cmdline, "count", &count);
    guest_number(cmdline, "tries", &tries);
    if (!ethernet_address(cmdline, "peer", &peer, &mask)) {
        guest_puts("usage: peer=ADDRESS count=N tries=N\n");
        guest_exit(GUEST_FAILED);
    }
    guest_puts("ready\n");
    while (number < count && ask())
        number++;
    guest_put_decimal(number);
    guest_puts(" of ");
    guest_put_decimal(count);
    guest_puts(" echoes came back\n");
    guest_puts(number == count ? "SUCCESS\n" : "FAILURE\n");
    guest_exit(number == count ? GUEST_PASSED : GUEST_FAILED);
}
