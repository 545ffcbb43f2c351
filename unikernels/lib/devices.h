/*
 * Between lib/nets.c and lib/disks.c, which keep the lists of devices, and the
 * drivers: those of virtio, Xen and Solo5.
 */
#ifndef LIB_DEVICES_H
#define LIB_DEVICES_H

#include "guest.h"

/* What never changes of a device once it is open; sizes in bytes. */
struct nic_facts {
    uint8_t mac[6];
    size_t mtu;
};
struct disk_facts {
    uint64_t size;
    size_t sector;
};

/*
 * Each driver defines these: it readies the device of that number, if there is
 * one.  They are called once for each number, in their order.
 */
bool driver_open_nic(size_t nic, struct nic_facts *facts);
bool driver_open_disk(size_t disk, struct disk_facts *facts);

/* One sector, of this size; false if the device refuses or fails. */
bool driver_read(size_t disk, uint64_t n, uint8_t *sector, size_t size);
bool driver_write(size_t disk, uint64_t n, const uint8_t *sector, size_t size);

#endif
