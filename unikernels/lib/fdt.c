/*
 * Source of all offsets and token values: Devicetree Specification v0.4,
 * chapter 5 "Flattened Devicetree (DTB) Format".  All numbers in the blob are
 * 32-bit and big-endian.
 */
#include "fdt.h"

#include <stddef.h>

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
    const char *wanted; /* the name of the node, without "@address" */
    int depth;          /* 1 inside the root node */
    int found;          /* the depth inside the wanted node, 0 outside of it */
    uint32_t count;     /* of wanted nodes so far */
};

struct property {
    const uint8_t *value;
    uint32_t length;
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

static bool names(const char *name, const char *wanted)
{
    while (*wanted != '\0' && *name == *wanted) {
        name++;
        wanted++;
    }
    return *wanted == '\0' && (*name == '\0' || *name == '@');
}

static void begin_node(struct walk *walk)
{
    const char *name = (const char *)walk->at;

    walk->at += padded(text_length(name) + 1);
    walk->depth++;
    if (walk->found == 0 && names(name, walk->wanted)) {
        walk->found = walk->depth;
        walk->count++;
    }
}

static void end_node(struct walk *walk)
{
    if (walk->found == walk->depth)
        walk->found = 0;
    walk->depth--;
}

/* Steps over a property; true if it is one of this name in the wanted node. */
static bool is_property(struct walk *walk, const char *wanted,
                        struct property *property)
{
    const char *name;

    property->length = take_be32(walk);
    name = walk->strings + take_be32(walk);
    property->value = walk->at;
    walk->at += padded(property->length);
    return wanted != NULL && walk->found == walk->depth &&
           text_equal(name, wanted);
}

/* Without a name it finds none, and goes to the end. */
static bool find(struct walk *walk, const char *wanted,
                 struct property *property)
{
    while (walk->at < walk->end) {
        switch (take_be32(walk)) {
        case TOKEN_BEGIN_NODE:
            begin_node(walk);
            break;
        case TOKEN_END_NODE:
            end_node(walk);
            break;
        case TOKEN_PROP:
            if (is_property(walk, wanted, property))
                return true;
            break;
        case TOKEN_NOP:
            break;
        default: /* FDT_END, or something this reader cannot step over */
            return false;
        }
    }
    return false;
}

static bool start(const void *fdt, const char *node, struct walk *walk)
{
    const uint8_t *blob = fdt;

    *walk = (struct walk){.wanted = node};
    if (blob == NULL || read_be32(blob + HEADER_MAGIC) != FDT_MAGIC)
        return false;
    walk->at = blob + read_be32(blob + HEADER_OFF_DT_STRUCT);
    walk->end = walk->at + read_be32(blob + HEADER_SIZE_DT_STRUCT);
    walk->strings =
        (const char *)blob + read_be32(blob + HEADER_OFF_DT_STRINGS);
    return true;
}

static bool read_property(const void *fdt, const char *node, const char *name,
                          struct property *property)
{
    struct walk walk;

    return start(fdt, node, &walk) && find(&walk, name, property);
}

uint32_t fdt_count(const void *fdt, const char *node)
{
    struct walk walk;
    struct property none;

    if (start(fdt, node, &walk))
        find(&walk, NULL, &none);
    return walk.count;
}

const char *fdt_bootargs(const void *fdt)
{
    struct property found;

    if (!read_property(fdt, "chosen", "bootargs", &found))
        return "";
    /* A string value includes its NUL (section 2.2.4, <string>). */
    if (found.length == 0 || found.value[found.length - 1] != '\0')
        return "";
    return (const char *)found.value;
}

bool fdt_address(const void *fdt, const char *node, uint64_t *address)
{
    struct property found;

    /* Addresses are of two cells on both of QEMU's "virt" machines. */
    if (!read_property(fdt, node, "reg", &found) || found.length < 8)
        return false;
    *address =
        (uint64_t)read_be32(found.value) << 32 | read_be32(found.value + 4);
    return true;
}
