/* Works for a known number of rounds, says `ready` and works on; one build of it has ROUNDS that are a thousandth more.
 * With the argument `for-ever` it never ends.
 */
#include "guest.h"

#ifndef ROUNDS
#define ROUNDS 100000
#endif

__attribute__((noinline)) static void work(int rounds)
{
    while (rounds-- > 0)
        __asm__ volatile("");
}

__attribute__((noinline)) static void after(void)
{
    __asm__ volatile("");
}

__attribute__((noinline, used)) static void never(void)
{
    __asm__ volatile("");
}

void guest_main(const char *cmdline)
{
    volatile int rounds = ROUNDS; /* not known to the compiler */

    work(rounds);
    guest_puts("ready");
    after();
    guest_puts("\nSUCCESS\n");
    while (guest_has_word(cmdline, "for-ever"))
        after();
    guest_exit(GUEST_PASSED);
}
