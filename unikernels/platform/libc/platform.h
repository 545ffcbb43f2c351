/* What the files of this platform share. */
#ifndef PLATFORM_H
#define PLATFORM_H

/* The boot arguments, which say where the interface and the disk are. */
extern const char *platform_cmdline;

#endif
