/* A plugin of QEMU that counts the instructions which a guest executes of its own file, and tells them by address.
 *
 * -plugin counter.so[,range=START:END]…[,until=HEX]
 *
 * Each range is of addresses, in hex without 0x. With `until`, the bytes of a text in hex, QEMU is ended as soon as the
 * guest has printed it. The file must be preloaded (LD_PRELOAD) besides, since it stands in for functions of the C
 * library: for writev, by which the console goes, and for vfprintf, by which QEMU traces that the guest wants an end;
 * how far the guest gets until it then is stopped is another number each time. At the end lines go to the standard
 * error: `count START SIZES TIMES` for each stretch of instructions that were executed equally often, with a hexadecimal
 * digit for the bytes of each, `count more TIMES` for those for which there was no room in the table, and at last
 * `count ready` or `count end`.
 *
 * Facts from QEMU's include/qemu/qemu-plugin.h, 7.2 to 10: before 9 counters are plain numbers, from then on they lie
 * in scoreboards, one number for each of the guest's processors. No package has the header: what is used stands here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define QEMU __attribute__((weak)) extern
#define ADD_U64 0
#define SHUTDOWN "qemu_system_shutdown_request "
struct tb;
struct insn;
struct board;
struct entry {
    struct board *board;
    size_t offset;
};
QEMU size_t qemu_plugin_tb_n_insns(const struct tb *);
QEMU struct insn *qemu_plugin_tb_get_insn(const struct tb *, size_t);
QEMU uint64_t qemu_plugin_insn_vaddr(const struct insn *);
QEMU size_t qemu_plugin_insn_size(const struct insn *);
QEMU void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, void (*)(uint64_t, struct tb *));
QEMU void qemu_plugin_register_atexit_cb(uint64_t, void (*)(uint64_t, void *), void *);
QEMU void qemu_plugin_register_vcpu_insn_exec_inline(struct insn *, int, void *, uint64_t);
QEMU struct board *qemu_plugin_scoreboard_new(size_t);
QEMU void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct insn *, int, struct entry, uint64_t);
QEMU uint64_t qemu_plugin_u64_sum(struct entry);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

__attribute__((constructor)) static void choose_version(void)
{
    if (qemu_plugin_scoreboard_new)
        qemu_plugin_version = 2;
}

enum { RANGES = 64, CHUNK = 4096, CHUNKS = 256, MOST = CHUNK * CHUNKS, SLOTS = 2 * MOST };
enum { LONGEST = 4096, STRETCH = 256 };
static struct { uint64_t start, end; } ranges[RANGES];
static int range_count;
static struct { uint64_t at; uint32_t size; } known[MOST]; /* instructions, in the order in which they were found */
static uint32_t slots[SLOTS];                              /* by address: 1 + their number in `known` */
static uint32_t known_count;
static uint64_t *numbers[CHUNKS + 1]; /* before QEMU 9: of each instruction; the last chunk has the one of the others */
static struct board *boards[CHUNKS + 1];
static unsigned char text[LONGEST], printed[2 * LONGEST];
static size_t text_length, printed_length;
static int told;

static int own(uint64_t at)
{
    for (int i = 0; i < range_count; i++)
        if (at >= ranges[i].start && at < ranges[i].end)
            return 1;
    return 0;
}

/* The number of an instruction in `known`; MOST if there is no room for it. */
static uint32_t number_of(uint64_t at, uint32_t size)
{
    uint64_t slot = (at * 0x9e3779b97f4a7c15u >> 32) % SLOTS;
    while (slots[slot] && known[slots[slot] - 1].at != at)
        slot = (slot + 1) % SLOTS;
    if (!slots[slot]) {
        if (known_count == MOST)
            return MOST;
        known[known_count].at = at;
        known[known_count].size = size;
        slots[slot] = ++known_count;
    }
    return slots[slot] - 1;
}

static struct entry entry_of(uint32_t number)
{
    return (struct entry){boards[number / CHUNK], number % CHUNK * sizeof(uint64_t)};
}

static void count(struct insn *insn, uint32_t number)
{
    uint32_t chunk = number / CHUNK;
    if (qemu_plugin_scoreboard_new) {
        if (!boards[chunk])
            boards[chunk] = qemu_plugin_scoreboard_new(CHUNK * sizeof(uint64_t));
        qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, ADD_U64, entry_of(number), 1);
    } else {
        if (!numbers[chunk] && !(numbers[chunk] = calloc(CHUNK, sizeof(uint64_t))))
            abort();
        qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64, &numbers[chunk][number % CHUNK], 1);
    }
}

static void translated(uint64_t id, struct tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t at = qemu_plugin_insn_vaddr(insn);
        if (own(at))
            count(insn, number_of(at, (uint32_t)qemu_plugin_insn_size(insn)));
    }
}

static uint64_t times(uint32_t number)
{
    if (qemu_plugin_scoreboard_new)
        return boards[number / CHUNK] ? qemu_plugin_u64_sum(entry_of(number)) : 0;
    return numbers[number / CHUNK] ? numbers[number / CHUNK][number % CHUNK] : 0;
}

static void tell(const char *how)
{
    if (told++)
        return;
    FILE *out = fdopen(dup(2), "w");
    if (!out)
        return;
    for (uint32_t i = 0; i < known_count;) {
        char sizes[STRETCH + 1];
        uint64_t start = known[i].at, end = start, each = times(i);
        size_t n = 0;
        for (; i < known_count && n < STRETCH && known[i].at == end && times(i) == each; i++) {
            sizes[n++] = "0123456789abcdef"[known[i].size & 15];
            end += known[i].size;
        }
        sizes[n] = 0;
        if (each)
            fprintf(out, "count %lx %s %lu\n", (unsigned long)start, sizes, (unsigned long)each);
    }
    fprintf(out, "count more %lu\ncount %s\n", (unsigned long)times(MOST), how);
    fclose(out);
}

static void at_exit(uint64_t id, void *data)
{
    (void)id, (void)data;
    tell("end");
}

/* What the guest prints comes by here, while it waits: its console is the standard output. */
static void look(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (printed_length == sizeof printed) {
            memmove(printed, printed + LONGEST, LONGEST);
            printed_length = LONGEST;
        }
        printed[printed_length++] = bytes[i];
        if (printed_length >= text_length && !memcmp(printed + printed_length - text_length, text, text_length)) {
            tell("ready");
            _exit(0);
        }
    }
}

__attribute__((visibility("default"))) ssize_t writev(int fd, const struct iovec *parts, int n)
{
    ssize_t done = syscall(SYS_writev, fd, parts, n), left = done;
    for (int i = 0; text_length && fd == 1 && i < n && left > 0; left -= (ssize_t)parts[i++].iov_len)
        look(parts[i].iov_base, (size_t)left < parts[i].iov_len ? (size_t)left : parts[i].iov_len);
    return done;
}

/* The counts are told at once, by the thread that executes the guest. */
static void look_at_trace(const char *format)
{
    if (!strncmp(format, SHUTDOWN, sizeof SHUTDOWN - 1))
        tell("end");
}

__attribute__((visibility("default"))) int vfprintf(FILE *out, const char *format, va_list values)
{
    int (*next)(FILE *, const char *, va_list) = dlsym(RTLD_NEXT, "vfprintf");
    int done = next(out, format, values);
    look_at_trace(format);
    return done;
}

/* The same in a QEMU that was compiled with -D_FORTIFY_SOURCE. */
__attribute__((visibility("default"))) int __vfprintf_chk(FILE *out, int flag, const char *format, va_list values)
{
    int (*next)(FILE *, int, const char *, va_list) = dlsym(RTLD_NEXT, "__vfprintf_chk");
    int done = next(out, flag, format, values);
    look_at_trace(format);
    return done;
}

static int add_range(const char *word)
{
    char *rest;
    if (range_count == RANGES)
        return -1;
    ranges[range_count].start = strtoull(word, &rest, 16);
    if (*rest != ':')
        return -1;
    ranges[range_count++].end = strtoull(rest + 1, &rest, 16);
    return *rest ? -1 : 0;
}

static int set_text(const char *word)
{
    for (; word[0] && word[1] && text_length < LONGEST; word += 2) {
        char digits[] = {word[0], word[1], 0};
        text[text_length++] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return *word ? -1 : 0;
}

__attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        int wrong = !strncmp(argv[i], "range=", 6) ? add_range(argv[i] + 6)
                    : !strncmp(argv[i], "until=", 6) ? set_text(argv[i] + 6) : -1;
        if (wrong) {
            fprintf(stderr, "counter: %s is none of its arguments\n", argv[i]);
            return -1;
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
