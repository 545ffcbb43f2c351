/*
 * The platform API of the test unikernels.
 *
 * A unikernel defines guest_main(); everything else here is given to it by
 * lib/ and by one of the folders in platform/.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How a run ended.  All values are odd because QEMU's isa-debug-exit device
 * turns a written value V into the exit status (V << 1) | 1.
 */
enum guest_status {
    GUEST_PASSED = 1,
    GUEST_FAILED = 3,
    GUEST_SKIPPED = 77,
    GUEST_CRASHED = 125,
    GUEST_ABORTED = 127,
};

/* One blank-separated word of the boot arguments; not NUL-terminated. */
struct guest_word {
    const char *start;
    size_t length;
};

/* Written by each unikernel.  Returning from it means GUEST_PASSED. */
void guest_main(const char *cmdline);

/* From platform/ (or lib/baremetal.c for the QEMU platforms). */
void guest_write(const void *bytes, size_t length);
_Noreturn void guest_exit(enum guest_status status);
_Noreturn void guest_abort(void);
_Noreturn void guest_hang(void); /* for ever, using little CPU if possible */
void guest_fault(void);          /* executes an illegal instruction */

/* From lib/console.c. */
void guest_puts(const char *text); /* adds no newline */
void guest_put_decimal(uint64_t value);
void guest_put_hex(uint64_t value); /* with 0x in front */

/* From lib/words.c. */
bool guest_next_word(const char **cursor, struct guest_word *word);
bool guest_has_word(const char *cmdline, const char *wanted);
/* Finds KEY=TEXT; the word is what comes after the "=". */
bool guest_text(const char *cmdline, const char *key, struct guest_word *text);
/* Finds KEY=DECIMAL; false if it is missing or not a number. */
bool guest_number(const char *cmdline, const char *key, uint64_t *value);

/* From platform/: microseconds since some moment before the first call. */
uint64_t guest_clock(void);

/*
 * From lib/heap.c or platform/solo5/: memory that nothing else uses, and a
 * pause in which the host has the processor; at most so long.
 */
uint8_t *guest_heap(size_t *size);
void guest_nap(uint64_t microseconds);

/*
 * Network interfaces and disks, numbered from 0.  On QEMU they are its virtio
 * devices on PCI, in the order of their slots.  On Solo5 they are those of the
 * unikernel's manifest (Makefile, MANIFEST_*): it says their names again here.
 * Each list ends with NULL.
 */
extern const char *const guest_nic_names[];
extern const char *const guest_disk_names[];

/* An Ethernet frame: 14 bytes of header and up to 9000 of payload. */
#define GUEST_HEADER 14
#define GUEST_MTU_MAX 9000
#define GUEST_FRAME_MAX (GUEST_HEADER + GUEST_MTU_MAX)
#define GUEST_NICS_MAX 4

/*
 * From lib/nets.c, and the driver: lib/virtio_net.c, or one in platform/ for
 * Xen or Solo5.
 */
size_t guest_nics(void);
const uint8_t *guest_net_mac(size_t nic); /* 6 bytes */
size_t guest_net_mtu(size_t nic);
bool guest_net_send(size_t nic, const uint8_t *frame, size_t length);
/* Returns the length of the frame, or 0: there is none.  It never waits. */
size_t guest_net_receive(size_t nic, uint8_t frame[GUEST_FRAME_MAX]);
/* Waits until a frame may have come, but not longer than this. */
void guest_wait(uint64_t microseconds);

/* The largest sector of a disk that the unikernels read and write. */
#define GUEST_SECTOR_MAX 4096
#define GUEST_DISKS_MAX 8

/* From lib/disks.c, and a driver such as lib/virtio_disk.c; sizes in bytes. */
size_t guest_disks(void);
uint64_t guest_disk_size(size_t disk);
size_t guest_disk_sector(size_t disk);
/* One sector, number N; false if the device refuses or fails. */
bool guest_disk_read(size_t disk, uint64_t n, uint8_t *sector);
bool guest_disk_write(size_t disk, uint64_t n, const uint8_t *sector);

#endif
