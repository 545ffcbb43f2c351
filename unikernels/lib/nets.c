/* The network interfaces that there are, whatever drives them. */
#include "devices.h"

static struct nic_facts known[GUEST_NICS_MAX];

size_t guest_nics(void)
{
    static bool counted;
    static size_t count;

    while (!counted && count < GUEST_NICS_MAX &&
           driver_open_nic(count, &known[count]))
        count++;
    counted = true;
    return count;
}

const uint8_t *guest_net_mac(size_t nic)
{
    return known[nic].mac;
}

size_t guest_net_mtu(size_t nic)
{
    size_t mtu = known[nic].mtu;

    return mtu < GUEST_MTU_MAX ? mtu : GUEST_MTU_MAX;
}
