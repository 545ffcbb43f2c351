/*
 * Entry from OpenSBI in S-mode: a0 = hart id, a1 = device tree address
 * (RISC-V SBI / OpenSBI docs/firmware/fw_dynamic.md).
 * CSRs: RISC-V Privileged Architecture, chapter "Supervisor-Level ISA".
 */
#define SSTATUS_FS_INITIAL (1 << 13)

    .section .text.start, "ax", @progbits
    .globl _start
_start:
    la sp, stack_top
    la t0, trap_common
    csrw stvec, t0              /* low bits 0: one handler for all traps */
    csrw sie, zero
    /* The compiler is told of an FPU (-march=rv64gc); let it be usable. */
    li t0, SSTATUS_FS_INITIAL
    csrs sstatus, t0
    mv a0, a1
    call platform_start
    unimp                       /* platform_start does not return */

    .text
    .balign 4                   /* stvec has no room for lower bits */
trap_common:
    csrr a0, scause
    csrr a1, sepc
    la sp, stack_top            /* nothing below it is needed any more */
    call platform_trap
    unimp

    .bss
    .balign 16
    .skip 16384
stack_top:

    .section .note.GNU-stack, "", @progbits
