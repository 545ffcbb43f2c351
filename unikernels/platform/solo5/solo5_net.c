/* Network interfaces: those of the manifest, by the names that it gives. */
#include "devices.h"
#include "solo5.h"
#include "string.h"

static solo5_handle_t nics[GUEST_NICS_MAX];

bool driver_open_nic(size_t nic, struct nic_facts *facts)
{
    struct solo5_net_info info;

    if (guest_nic_names[nic] == NULL ||
        solo5_net_acquire(guest_nic_names[nic], &nics[nic], &info) !=
            SOLO5_R_OK)
        return false;
    memcpy(facts->mac, info.mac_address, sizeof(facts->mac));
    facts->mtu = info.mtu;
    return true;
}

bool guest_net_send(size_t nic, const uint8_t *frame, size_t length)
{
    return solo5_net_write(nics[nic], frame, length) == SOLO5_R_OK;
}

size_t guest_net_receive(size_t nic, uint8_t frame[GUEST_FRAME_MAX])
{
    size_t length;

    if (solo5_net_read(nics[nic], frame, GUEST_FRAME_MAX, &length) !=
        SOLO5_R_OK)
        return 0;
    return length;
}

void guest_wait(uint64_t microseconds)
{
    solo5_yield(solo5_clock_monotonic() + microseconds * 1000, NULL);
}
