"""What a Unikraft guest under QEMU is started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootmatrix import plugins
from bootmatrix.model import Block, Boot, Rejected, Runner

ROOT = Path(__file__).parents[2]
UNIKERNEL = "/build/hello"


def make(**options: object) -> Runner:
    return plugins.make_runner("unikraft-qemu", options, ROOT / "docs")


def argv(arch: str, *args: str, **options: object) -> str:
    return " ".join(make(**options).launch(Boot(arch, f"qemu-system-{arch}", UNIKERNEL, args)).argv)


def test_x86_64_has_a_panic_device_and_no_exit_device() -> None:
    words = argv("x86_64")
    assert "-device pvpanic" in words
    assert "isa-debug-exit" not in words + argv("aarch64")
    assert "pvpanic" not in argv("aarch64")
    assert "memory_region_ops_write" not in words  # a line for each byte of the console, for nothing


@pytest.mark.parametrize("word", ["isa-debug-exit", "isa-debug-exit,iobase=0x501"])
def test_an_exit_device_is_refused(word: str) -> None:
    with pytest.raises(Rejected, match="isa-debug-exit"):
        make(options=["-device", word]).check(Path(UNIKERNEL), Boot("x86_64", "qemu", UNIKERNEL), "")


def test_qemu_puts_the_path_before_the_arguments_on_x86_64_alone() -> None:
    assert argv("x86_64", "a b", params=["x.y=z"]).endswith(f'-kernel {UNIKERNEL} -append x.y=z -- "a b"')
    assert argv("aarch64", "a b").endswith(f'-kernel {UNIKERNEL} -append {UNIKERNEL} "a b"')
    assert argv("x86_64").endswith(f"-kernel {UNIKERNEL}")
    assert argv("aarch64").endswith(f"-kernel {UNIKERNEL} -append {UNIKERNEL}")


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
@pytest.mark.parametrize(("options", "args"), [({"params": ["x"]}, ()), ({}, ("",)), ({}, ("x" * 4096,))])
def test_a_line_that_does_not_arrive_is_refused_before_the_boot(
    arch: str, options: dict[str, object], args: tuple[str, ...]
) -> None:
    with pytest.raises(Rejected):
        make(**options).check(Path(UNIKERNEL), Boot(arch, "qemu", UNIKERNEL, args), "")


def test_a_path_with_a_blank_is_refused_on_x86_64_alone() -> None:
    with pytest.raises(Rejected, match="blank"):
        make().check(Path("/a b"), Boot("x86_64", "qemu", "/a b"), "")
    make().check(Path("/a b"), Boot("aarch64", "qemu", "/a b"), "")
    assert make().launch(Boot("aarch64", "qemu", "/a b", ("x",))).argv[-1] == '"/a b" x'


def test_a_share_is_only_read() -> None:
    words = argv("x86_64", fs="/build/a,b")
    assert "-fsdev local,id=share,security_model=none,readonly=on,path=/build/a,,b" in words
    assert "-device virtio-9p-pci,fsdev=share,mount_tag=fs0" in words


def test_commas_part_the_modules_of_a_multiboot_kernel_alone() -> None:
    assert "-initrd /build/a,,b " in argv("x86_64", initrd="/build/a,b")
    assert "-initrd /build/a,b " in argv("aarch64", initrd="/build/a,b")


def test_disks_are_devices() -> None:
    boot = Boot("x86_64", "qemu", UNIKERNEL, blocks=(Block("storage", "/disks/storage", 1 << 20),))
    words = make(disk="virtio-blk-pci,queue-size=64").launch(boot).argv
    assert "virtio-blk-pci,queue-size=64,drive=disk-storage,serial=storage" in words


def test_another_architecture_is_refused_with_those_that_are_possible() -> None:
    with pytest.raises(Rejected, match="riscv64") as refused:
        make().tender("riscv64")
    assert refused.value.remedy == "possible: x86_64, aarch64"
