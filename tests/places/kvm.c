/* A virtual machine of three instructions: proves that /dev/kvm runs a guest, by the byte that it writes. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define AT 0x1000
#define PORT 0x10

static const unsigned char code[] = {0xb0, 42, 0xe6, PORT, 0xf4}; /* mov al, 42; out PORT, al; hlt */

int main(void)
{
    int kvm = open("/dev/kvm", O_RDWR), machine = ioctl(kvm, KVM_CREATE_VM, 0), cpu = ioctl(machine, KVM_CREATE_VCPU, 0);
    unsigned char *memory = mmap(NULL, AT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {0, 0, AT, AT, (unsigned long)memory};
    memcpy(memory, code, sizeof code);
    ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region);
    struct kvm_run *run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    struct kvm_sregs special;
    if (kvm < 0 || machine < 0 || cpu < 0 || run == MAP_FAILED || ioctl(cpu, KVM_GET_SREGS, &special))
        return 1;
    special.cs.base = special.cs.selector = 0;
    struct kvm_regs plain = {.rip = AT, .rflags = 2};
    if (ioctl(cpu, KVM_SET_SREGS, &special) || ioctl(cpu, KVM_SET_REGS, &plain) || ioctl(cpu, KVM_RUN, 0))
        return 2;
    if (run->exit_reason != KVM_EXIT_IO || run->io.port != PORT)
        return 3;
    printf("%d\n", *((unsigned char *)run + run->io.data_offset));
    return 0;
}
