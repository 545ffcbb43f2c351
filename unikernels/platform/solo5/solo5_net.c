/* Network interfaces: those of the manifest, by the names that it gives. */
#include "guest.h"
#include "solo5.h"

struct nic {
    solo5_handle_t handle;
    struct solo5_net_info info;
};

static struct nic nics[GUEST_NICS_MAX];

size_t guest_nics(void)
{
    static bool counted;
    static size_t count;

    while (!counted && count < GUEST_NICS_MAX &&
           guest_nic_names[count] != NULL &&
           solo5_net_acquire(guest_nic_names[count], &nics[count].handle,
                             &nics[count].info) == SOLO5_R_OK)
        count++;
    counted = true;
    return count;
}

const uint8_t *guest_net_mac(size_t nic)
{
    return nics[nic].info.mac_address;
}

size_t guest_net_mtu(size_t nic)
{
    size_t mtu = nics[nic].info.mtu;

    return mtu < GUEST_MTU_MAX ? mtu : GUEST_MTU_MAX;
}

bool guest_net_send(size_t nic, const uint8_t *frame, size_t length)
{
    return solo5_net_write(nics[nic].handle, frame, length) == SOLO5_R_OK;
}

size_t guest_net_receive(size_t nic, uint8_t frame[GUEST_FRAME_MAX])
{
    size_t length;

    if (solo5_net_read(nics[nic].handle, frame, GUEST_FRAME_MAX, &length) !=
        SOLO5_R_OK)
        return 0;
    return length;
}

void guest_wait(uint64_t microseconds)
{
    solo5_yield(solo5_clock_monotonic() + microseconds * 1000, NULL);
}
