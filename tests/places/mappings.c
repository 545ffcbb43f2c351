/* A boot with as many mappings as a process can have, each of another kind than its neighbours: to look at all takes long. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int number = 0, rights[] = {PROT_READ, PROT_READ | PROT_WRITE};
    while (number < 65000 && mmap(NULL, 4096, rights[number % 2], MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        number++;
    printf("%d\n", number);
    fflush(stdout);
    return pause();
}
