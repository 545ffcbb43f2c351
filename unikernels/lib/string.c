#include "string.h"

/*
 * Without this, an optimiser may recognise the loops below and replace them
 * by calls of the very functions they implement.
 */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

void *memcpy(void *to, const void *from, size_t length)
{
    unsigned char *out = to;
    const unsigned char *in = from;

    for (size_t i = 0; i < length; i++) {
        out[i] = in[i];
        KEEP_LOOP();
    }
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *out = to;
    const unsigned char *in = from;

    if (out <= in)
        return memcpy(to, from, length);
    while (length-- > 0) {
        out[length] = in[length];
        KEEP_LOOP();
    }
    return to;
}

void *memset(void *to, int value, size_t length)
{
    unsigned char *out = to;

    for (size_t i = 0; i < length; i++) {
        out[i] = (unsigned char)value;
        KEEP_LOOP();
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const unsigned char *a = left;
    const unsigned char *b = right;

    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i])
            return a[i] - b[i];
        KEEP_LOOP();
    }
    return 0;
}

size_t text_length(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0') {
        length++;
        KEEP_LOOP();
    }
    return length;
}

bool text_equal(const char *left, const char *right)
{
    size_t length = text_length(left);

    return length == text_length(right) && memcmp(left, right, length) == 0;
}
