/*
 * The memory functions a compiler may call even in freestanding code
 * (GCC manual, "Standards": memcpy, memmove, memset, memcmp), and two
 * string helpers.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *left, const void *right, size_t length);

size_t text_length(const char *text);
bool text_equal(const char *left, const char *right);

#endif
