/* hogs MIB [COUNT]: takes so much memory, prints `full` and stays. With a count, so many processes take it, and this one ends
 * when each of them has it or is no more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fill(const char *size)
{
    for (int mib = atoi(size); mib; mib--)
        memset(malloc(1 << 20), 1, 1 << 20);
    if (write(1, "full\n", 5) != 5)
        _exit(1);
}

int main(int argc, char **argv)
{
    int ends[2];
    char none;
    if (argc < 3) {
        fill(argv[1]);
        return pause();
    }
    if (pipe(ends))
        return 1;
    for (int count = atoi(argv[2]); count; count--)
        if (!fork()) {
            fill(argv[1]);
            close(ends[1]);
            return pause();
        }
    close(ends[1]);
    return read(ends[0], &none, 1) != 0;
}
