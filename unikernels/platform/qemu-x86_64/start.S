/*
 * PVH entry, switch to 64-bit mode, and the first half of the exception
 * handlers.
 *
 * PVH: Xen "x86/HVM direct boot ABI" (docs/misc/pvh.pandoc).  Entry is in
 * 32-bit protected mode with flat segments, paging off, %ebx holding the
 * address of struct hvm_start_info.
 * Control bits and descriptor layout: Intel SDM volume 3.
 */

#define NOTE_PHYS32_ENTRY 18 /* XEN_ELFNOTE_PHYS32_ENTRY, elfnote.h */

#define CR0_PG     (1 << 31)
#define CR4_PAE    (1 << 5)
#define MSR_EFER   0xc0000080
#define EFER_LME   (1 << 8)
#define PAGE_TABLE 0x03 /* present, writable */
#define PAGE_2MIB  0x83 /* present, writable, page size */

    .section .note.Xen, "a", @note
    .balign 4
    .long 4                     /* size of the name */
    .long 8                     /* QEMU reads the address as 64 bits */
    .long NOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad _start

    .section .text.start, "ax", @progbits
    .code32
    .globl _start
_start:
    cld
    movl $stack_top, %esp

    /*
     * Map the first 4 GiB onto themselves, devices included; the loader has
     * zeroed the tables.
     */
    movl $(page_directory_pointers + PAGE_TABLE), page_map
    movl $page_directory_pointers, %edi
    movl $(page_directories + PAGE_TABLE), %eax
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $0x1000, %eax
    addl $8, %edi
    decl %ecx
    jnz 1b
    movl $page_directories, %edi
    movl $PAGE_2MIB, %eax
    movl $(4 * 512), %ecx
2:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    decl %ecx
    jnz 2b

    movl $page_map, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    lgdt gdt_pointer
    ljmp $0x08, $start64

    .code64
start64:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %ebx, %edi             /* also clears the upper half of %rdi */
    call platform_start
    ud2                         /* platform_start does not return */

/*
 * One stub for each of the 32 exception vectors, 16 bytes apart so that
 * platform.c can compute their addresses.  The mask holds the vectors for
 * which the CPU itself pushes an error code (SDM volume 3, table 6-1).
 */
#define HAS_ERROR_CODE 0x60227d00

    .text
    .balign 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 32
    .balign 16
    .if ((HAS_ERROR_CODE >> vector) & 1) == 0
    pushq $0
    .endif
    pushq $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

/* Stack from %rsp up: vector, error code, rip, cs, rflags, rsp, ss. */
trap_common:
    movq (%rsp), %rdi
    movq 16(%rsp), %rsi
    andq $-16, %rsp
    cld
    call platform_trap
    ud2

/* The timer ended a nap (clock.c): 0x20 tells the interrupt controller so. */
    .globl timer_stub
timer_stub:
    pushq %rax
    movb $0x20, %al
    outb %al, $0x20
    popq %rax
    iretq

    .section .rodata
    .balign 8
gdt:
    .quad 0
    .quad 0x00af9a000000ffff    /* 0x08: 64-bit code */
    .quad 0x00cf92000000ffff    /* 0x10: data */
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .long gdt

    .bss
    .balign 4096
    .globl page_directories, stack_guard
page_map:
    .skip 4096
page_directory_pointers:
    .skip 4096
page_directories:
    .skip 4 * 4096
stack_guard:                    /* ends.c unmaps it */
    .skip 4096
    .skip 16384
stack_top:

    .section .note.GNU-stack, "", @progbits
