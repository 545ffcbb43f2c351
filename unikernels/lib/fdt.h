/* Reads properties from a flattened device tree. */
#ifndef LIB_FDT_H
#define LIB_FDT_H

#include <stdbool.h>
#include <stdint.h>

/* Returns /chosen/bootargs, or "" when there is no tree or no such property. */
const char *fdt_bootargs(const void *fdt);

/*
 * The address at which the registers of a node begin, such as "pcie" for
 * "pcie@10000000", wherever in the tree it is; false if there is none.
 */
bool fdt_address(const void *fdt, const char *node, uint64_t *address);

/* How many nodes have that name, such as "cpu" for "cpu@0" and "cpu@1". */
uint32_t fdt_count(const void *fdt, const char *node);

#endif
