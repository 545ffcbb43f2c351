/*
 * Virtio devices on PCI, by polling: Virtual I/O Device (VIRTIO) 1.1.  What
 * they read and write is little-endian, as are all our processors.
 */
#ifndef LIB_VIRTIO_H
#define LIB_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Section 5: device types. */
enum virtio_kind {
    VIRTIO_NET = 1,
    VIRTIO_DISK = 2,
};

struct virtio {
    unsigned int slot;
    volatile uint8_t *common;
    volatile uint8_t *notify;
    volatile uint8_t *config; /* the device's own registers */
    uint32_t notify_step;
    uint32_t features; /* of those that were wanted */
};

#define VIRTIO_ENTRIES 32

/* Section 2.6: split virtqueues. */
struct virtio_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

#define VIRTIO_HAS_NEXT 1
#define VIRTIO_IS_WRITTEN 2 /* by the device */

struct virtio_queue {
    struct virtio_descriptor descriptors[VIRTIO_ENTRIES]
        __attribute__((aligned(16)));
    struct {
        uint16_t flags;
        uint16_t index;
        uint16_t ring[VIRTIO_ENTRIES];
    } available;
    struct {
        uint16_t flags;
        uint16_t index;
        struct {
            uint32_t id;
            uint32_t length;
        } ring[VIRTIO_ENTRIES];
    } used __attribute__((aligned(4)));
    uint16_t taken; /* counts what virtio_take() gave, as used.index does */
    uint16_t number;
    volatile uint16_t *doorbell;
};

/*
 * Resets the device number `index` of its kind and agrees on features, of the
 * first 32.  False if there is none, or none that speaks version 1.
 */
bool virtio_open(struct virtio *device, enum virtio_kind kind, size_t index,
                 uint32_t wanted);
void virtio_start_queue(struct virtio *device, struct virtio_queue *queue,
                        uint16_t number);
/* After its queues were started. */
void virtio_start(struct virtio *device);

/* Gives the device a chain of descriptors, which begins with this one. */
void virtio_give(struct virtio_queue *queue, uint16_t first);
bool virtio_has_used(const struct virtio_queue *queue);
/* Takes one back, with how many bytes the device wrote; false if none is. */
bool virtio_take(struct virtio_queue *queue, uint16_t *first, uint32_t *length);

#endif
