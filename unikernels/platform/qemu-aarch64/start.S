/*
 * Entry and exception vectors.  QEMU starts an ELF kernel on "virt" at EL1
 * with the MMU off.  Registers: Arm Architecture Reference Manual (DDI 0487).
 */
    .section .text.start, "ax", %progbits
    .globl _start
_start:
    adrp x0, stack_top
    add x0, x0, :lo12:stack_top
    mov sp, x0
    adrp x0, vectors
    add x0, x0, :lo12:vectors
    msr vbar_el1, x0
    isb
    bl platform_start
    udf #0                      /* platform_start does not return */

/*
 * DDI 0487, D1.10.2: a table of 16 entries of 128 bytes, aligned to 2 KiB.
 * All exceptions are fatal here, so all entries do the same.
 */
    .text
    .balign 2048
vectors:
    .rept 16
    .balign 128
    b trap_common
    .endr

    .balign 128
trap_common:
    mrs x0, esr_el1
    mrs x1, elr_el1
    adrp x2, stack_top          /* nothing below it is needed any more */
    add x2, x2, :lo12:stack_top
    mov sp, x2
    bl platform_trap
    udf #0

    .bss
    .balign 16
    .skip 16384
stack_top:

    .section .note.GNU-stack, "", %progbits
