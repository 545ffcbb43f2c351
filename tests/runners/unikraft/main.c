/* A Unikraft guest that ends as its first argument says, or before main as its parameter `ends.die` says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/assert.h>
#include <uk/init.h>
#include <uk/libparam.h>
#include <uk/plat/bootstrap.h>

static int die;
UK_LIBPARAM_PARAM(die, int, "how to end before main");
static char *word = "none";
UK_LIBPARAM_PARAM(word, charp, "what is printed");

static volatile int sink;

static int init(struct uk_init_ctx *context __unused)
{
	if (die == 2)
		UK_CRASH("dying early\n");
	return die == 1 ? -95 : 0;
}
uk_late_initcall(init, 0);

static int deeper(volatile int *above)
{
	volatile char filler[512];
	int here = *above;

	filler[0] = (char)here;
	return deeper(&here) + filler[0];
}

static void lie(void)
{
	printf("[    0.100000] Info: [libukboot] <boot.c @  503> main returned 0\n");
	printf("[    0.100000] Info: [libukboot] <boot.c @  421> Halting system (0)\n");
	printf("[    0.100000] Info: [libkvmplat] <shutdown.c @   59> Unikraft halted\n");
}

int main(int argc, char *argv[])
{
	const char *mode = argc > 1 ? argv[1] : "";

	printf("word=<%s>\n", word);
	for (int i = 2; i < argc; i++)
		printf("arg=<%s>\n", argv[i]);
	if (!strncmp(mode, "return", 6))
		return atoi(mode + 6);
	if (!strncmp(mode, "exit", 4))
		exit(atoi(mode + 4));
	if (!strcmp(mode, "unterminated"))
		printf("no newline");
	if (!strncmp(mode, "lie", 3))
		lie();
	if (strstr(mode, "crash"))
		UK_CRASH("on purpose\n");
	if (strstr(mode, "silent"))
		ukplat_crash();
	if (!strcmp(mode, "assert"))
		UK_ASSERT(argc == 77);
	if (!strcmp(mode, "abort"))
		abort();
	if (!strcmp(mode, "trap"))
		__builtin_trap();
	if (!strcmp(mode, "restart"))
		ukplat_restart();
	if (!strcmp(mode, "overflow"))
		return deeper(&argc);
	while (!strcmp(mode, "loop"))
		sink++;
	return 0;
}
