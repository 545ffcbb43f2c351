/*
 * Source of all offsets and token values: Devicetree Specification v0.4,
 * chapter 5 "Flattened Devicetree (DTB) Format".  All numbers in the blob are
 * 32-bit and big-endian.
 */
#include "fdt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "string.h"

#define FDT_MAGIC 0xd00dfeedu

enum header_offset {
    HEADER_MAGIC = 0,
    HEADER_OFF_DT_STRUCT = 8,
    HEADER_OFF_DT_STRINGS = 12,
    HEADER_SIZE_DT_STRUCT = 36,
};

enum token {
    TOKEN_BEGIN_NODE = 1,
    TOKEN_END_NODE = 2,
    TOKEN_PROP = 3,
    TOKEN_NOP = 4,
};

struct walk {
    const uint8_t *at;
    const uint8_t *end;
    const char *strings;
    int depth;      /* 1 inside the root node */
    bool in_chosen; /* inside /chosen, which is at depth 2 */
};

/* Byte by byte: the blob need only be aligned for its own architecture. */
static uint32_t read_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

/* Every token begins on a multiple of four bytes (section 5.4). */
static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

static uint32_t take_be32(struct walk *walk)
{
    uint32_t value = read_be32(walk->at);

    walk->at += 4;
    return value;
}

static void begin_node(struct walk *walk)
{
    const char *name = (const char *)walk->at;

    walk->at += padded(text_length(name) + 1);
    walk->depth++;
    if (walk->depth == 2)
        walk->in_chosen = text_equal(name, "chosen");
}

static void end_node(struct walk *walk)
{
    walk->depth--;
    if (walk->depth < 2)
        walk->in_chosen = false;
}

/* Steps over a property; returns its value if it is the wanted one. */
static const char *property(struct walk *walk)
{
    uint32_t length = take_be32(walk);
    const char *name = walk->strings + take_be32(walk);
    const char *value = (const char *)walk->at;

    walk->at += padded(length);
    if (!walk->in_chosen || walk->depth != 2 || !text_equal(name, "bootargs"))
        return NULL;
    /* A string value includes its NUL (section 2.2.4, <string>). */
    return length > 0 && value[length - 1] == '\0' ? value : NULL;
}

static const char *find_bootargs(struct walk *walk)
{
    const char *found = NULL;

    while (found == NULL && walk->at < walk->end) {
        switch (take_be32(walk)) {
        case TOKEN_BEGIN_NODE:
            begin_node(walk);
            break;
        case TOKEN_END_NODE:
            end_node(walk);
            break;
        case TOKEN_PROP:
            found = property(walk);
            break;
        case TOKEN_NOP:
            break;
        default: /* FDT_END, or something this reader cannot step over */
            return NULL;
        }
    }
    return found;
}

const char *fdt_bootargs(const void *fdt)
{
    const uint8_t *blob = fdt;
    struct walk walk = {0};
    const char *found;

    if (blob == NULL || read_be32(blob + HEADER_MAGIC) != FDT_MAGIC)
        return "";
    walk.at = blob + read_be32(blob + HEADER_OFF_DT_STRUCT);
    walk.end = walk.at + read_be32(blob + HEADER_SIZE_DT_STRUCT);
    walk.strings = (const char *)blob + read_be32(blob + HEADER_OFF_DT_STRINGS);
    found = find_bootargs(&walk);
    return found != NULL ? found : "";
}
