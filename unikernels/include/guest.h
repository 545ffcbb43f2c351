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
/* Finds KEY=DECIMAL; false if it is missing or not a number. */
bool guest_number(const char *cmdline, const char *key, uint64_t *value);

#endif
