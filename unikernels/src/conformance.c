/*
 * Does what its boot arguments say, and nothing else: a runner that tells the
 * truth of it can be believed.  The first word is one of the table at the end.
 */
#include "conformance.h"
#include "string.h"

#define LINES 64

static const char *rest; /* what follows the first word */

static uint32_t number(void)
{
    const char *cursor = rest;
    uint32_t value = 0;
    struct guest_word word;

    if (guest_next_word(&cursor, &word))
        for (size_t i = 0; i < word.length; i++)
            value = value * 10 + (uint32_t)(word.start[i] - '0');
    return value;
}

static void end(void)
{
    guest_puts("conformance: ends\n");
    guest_end(number());
}

static void silent(void)
{
    guest_end(number());
}

static void trap(void)
{
    guest_puts("conformance: an illegal instruction\n");
    guest_fault();
}

__attribute__((weak)) void guest_write_to_null(void)
{
    volatile uint32_t *volatile nothing = NULL;

    *nothing = 1;
}

static void null_write(void)
{
    guest_puts("conformance: a write to NULL\n");
    guest_write_to_null();
}

/* Each call uses some of the stack, and none of them returns. */
static uint32_t deeper(volatile uint8_t *above)
{
    volatile uint8_t room[256];

    room[0] = *above;
    return room[0] == 0 ? 0 : deeper(room) + room[0];
}

void conformance_use_up(void)
{
    volatile uint8_t first = 1;

    deeper(&first);
}

__attribute__((weak)) void guest_use_up_stack(void)
{
    conformance_use_up();
}

static void overflow(void)
{
    guest_puts("conformance: a stack without end\n");
    guest_use_up_stack();
}

static void panic(void)
{
    guest_puts(rest);
    guest_puts("\n");
    guest_hang();
}

static void hang(void)
{
    guest_puts("conformance: hangs\n");
    guest_hang();
}

static void abort_guest(void)
{
    guest_puts("conformance: aborts\n");
    guest_abort();
}

static void flood(void)
{
    static const char line[] = "conformance: 0123456789 abcdefghijklmnopqrst\n";
    static char block[LINES * (sizeof(line) - 1)];

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = line[i % (sizeof(line) - 1)];
    for (;;)
        guest_write(block, sizeof(block));
}

static void every_byte(void)
{
    uint8_t bytes[256];

    for (unsigned int i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    guest_puts("conformance: begin\n");
    guest_write(bytes, sizeof(bytes));
    guest_puts("\nconformance: end\n");
    guest_end(0);
}

/* What guests, bindings and tenders say of an end, and this is none of them. */
static void lies(void)
{
    guest_puts("Solo5: solo5_exit(0) called\n"
               "[    0.123456] main returned 0\n"
               "qemu-system-x86_64: terminating on signal 15\n"
               "isa-debug-exit: 0\nEXIT: STATUS=0\nexit status 0\n"
               "SUCCESS\n");
    guest_end(number());
}

static void arguments(void)
{
    guest_puts("conformance: [");
    guest_puts(rest);
    guest_puts("]\n");
    guest_end(0);
}

__attribute__((weak)) uint32_t guest_cpus(void)
{
    return 1;
}

static void processors(void)
{
    guest_puts("conformance: processors ");
    guest_put_decimal(guest_cpus());
    guest_puts("\n");
    guest_end(0);
}

static const struct {
    const char *word;
    void (*act)(void);
} acts[] = {
    {"exit", end},          {"silent", silent},     {"abort", abort_guest},
    {"trap", trap},         {"null", null_write},   {"stack", overflow},
    {"panic", panic},       {"hang", hang},         {"flood", flood},
    {"bytes", every_byte},  {"lies", lies},         {"args", arguments},
    {"cpus", processors},
};

void guest_main(const char *cmdline)
{
    struct guest_word word;

    rest = cmdline;
    if (guest_next_word(&rest, &word))
        for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
            if (word.length == text_length(acts[i].word) &&
                memcmp(word.start, acts[i].word, word.length) == 0) {
                rest += *rest != '\0'; /* the blank */
                acts[i].act();
                guest_puts("conformance: it goes on, and should not\n");
                guest_end(99);
            }
    guest_puts("conformance: the boot arguments name no act: [");
    guest_puts(cmdline);
    guest_puts("]\n");
    guest_end(98);
}
