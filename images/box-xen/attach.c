/* attach DEVICE FILE w|r: lets a loop device be that file, until nobody has the device open any more.
 *
 * All in one request, which asks for no rights: the programs that do it in two may not for a file that is only read.
 */
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int reads = argv[3][0] == 'r', device = open(argv[1], O_RDWR);
    struct loop_config asked = {.fd = open(argv[2], reads ? O_RDONLY : O_RDWR)};
    asked.info.lo_flags = LO_FLAGS_AUTOCLEAR | (reads ? LO_FLAGS_READ_ONLY : 0);
    if (device < 0 || (int)asked.fd < 0 || ioctl(device, LOOP_CONFIGURE, &asked)) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
