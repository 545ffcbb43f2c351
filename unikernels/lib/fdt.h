/* Reads the boot arguments from a flattened device tree. */
#ifndef LIB_FDT_H
#define LIB_FDT_H

/* Returns /chosen/bootargs, or "" when there is no tree or no such property. */
const char *fdt_bootargs(const void *fdt);

#endif
