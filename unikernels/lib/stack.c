#include "stack.h"

#include "arp.h"
#include "icmp.h"
#include "ip.h"

void stack_start(const char *cmdline, size_t count)
{
    ethernet_start(cmdline, count);
    for (size_t i = 0; i < count; i++)
        arp_announce(ethernet_interface(i));
    icmp_start();
}

static void receive(const struct interface *in, uint8_t *frame, size_t length)
{
    switch (ethernet_type_of(in, frame, length)) {
    case ETHERNET_ARP:
        arp_receive(in, frame + GUEST_HEADER, length - GUEST_HEADER);
        break;
    case ETHERNET_IP:
        ip_receive(in, frame, length);
        break;
    }
}

void stack_turn(uint64_t microseconds)
{
    static uint8_t frame[GUEST_FRAME_MAX];
    const struct interface *in;
    bool idle = true;

    for (size_t i = 0; (in = ethernet_interface(i)) != NULL; i++) {
        size_t length = guest_net_receive(in->nic, frame);

        if (length > 0) {
            idle = false;
            receive(in, frame, length);
        }
    }
    if (idle)
        guest_wait(microseconds);
}
