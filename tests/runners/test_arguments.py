"""Boot arguments arrive as they are written, on each backend that boots here, or are refused before the boot."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import solo5
from hypothesis import HealthCheck, given, settings, strategies as st

from bootmatrix import host, plugins
from bootmatrix.boots import words
from bootmatrix.errors import InfrastructureError
from bootmatrix.model import Boot, Rejected
from bootmatrix.places.containers import engine

if TYPE_CHECKING:
    from bootmatrix.model import Runner

ROOT = Path(__file__).parents[2]
UNIKERNELS = ROOT / "unikernels"
COMPILERS = {"x86_64": "gcc", "aarch64": "aarch64-linux-gnu-gcc", "riscv64": "riscv64-linux-gnu-gcc"}
BLANKS = " \t\n\v\f\r"  # what Solo5's bindings pass over at the beginning
ODD = [
    "a b",
    '"q u"',
    "'s'",
    "c,d,,e",
    "--",
    "-x",
    "ünï",
    "",
    "new\nline",
    "tab\tx",
    "\\back\\",
    "$HOME %s {a} * #",
    "\x01\x7f",
]


@dataclass(frozen=True)
class Guest:
    """Our own `args` on one backend, made here."""

    runner: Runner
    arch: str
    file: Path
    solo5: bool

    def boot(self, args: tuple[str, ...]) -> tuple[bytes, str]:
        """What it printed, and what it should have."""
        boot = Boot(self.arch, self.runner.tender(self.arch).program, str(self.file), args, accel=self._accel)
        self.runner.check(self.file, boot, "")
        argv = self.runner.launch(boot).argv
        words.check(argv)
        done = subprocess.run(argv, capture_output=True, timeout=60, check=False)
        text = " ".join(args)
        text = text.lstrip(BLANKS) if self.solo5 else text
        each = [word for word in re.split(r"[ \t]+", text) if word]
        said = "".join(f"arg {number}: [{word}]\n" for number, word in enumerate(each))
        wanted = f"args: [{text}]\n{said}SUCCESS\n"
        return done.stdout, wanted.replace("\n", "\r\n") if self.runner.format == "virtio" else wanted

    @property
    def _accel(self) -> str:
        return "kvm" if self.runner.format == "hvt" else "tcg"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Path]:
    """The folders with the unikernels, by architecture, as far as a compiler is here, or in an image."""
    found: dict[str, Path] = {}
    for arch, compiler in COMPILERS.items():
        out = tmp_path_factory.mktemp(arch)
        prefix = compiler.removesuffix("gcc")
        if shutil.which(compiler):
            make = ["make", "-f", f"{UNIKERNELS}/Makefile", *made_by(compiler, f"{prefix}ld", f"{prefix}objcopy")]
        elif not no_engine():
            mounts = [f"--volume={folder}:{folder}" for folder in (UNIKERNELS, out)]
            image = request.getfixturevalue("debian_12").tag
            clang = made_by(f"clang --target={arch}-linux-gnu", "ld.lld", "llvm-objcopy")
            make = [*engine.cli(), "run", "--rm", *mounts, image, "make", "-f", f"{UNIKERNELS}/Makefile", *clang]
        else:
            continue
        formats = ["elf", *(solo5.ABIS if arch == "x86_64" and shutil.which("x86_64-solo5-none-static-cc") else ())]
        wanted = [f"{out}/args.{each}" for each in formats]
        subprocess.run([*make, "-s", "-j2", f"ARCH={arch}", f"OUT={out}", *wanted], check=True)
        found[arch] = out
    return found


def made_by(compiler: str, linker: str, objcopy: str) -> list[str]:
    return [f"CC={compiler}", f"LD={linker}", f"OBJCOPY={objcopy}"]


def no_engine() -> str:
    try:
        engine.client()
    except InfrastructureError as error:
        return str(error)
    return ""


EVERY = [
    *(pytest.param(("qemu", arch, "elf"), marks=pytest.mark.qemu, id=f"qemu-{arch}") for arch in COMPILERS),
    *(
        pytest.param((f"solo5-{format_}", "x86_64", format_), marks=[pytest.mark.solo5, pytest.mark.qemu], id=format_)
        for format_ in ("hvt", "spt", "virtio")
    ),
]


@pytest.fixture(params=EVERY)
def guest(request: pytest.FixtureRequest, made: dict[str, Path]) -> Guest:
    name, arch, format_ = request.param
    if format_ == "hvt" and (trouble := host.kvm_trouble()):
        pytest.skip(trouble)
    file = made.get(arch, Path()) / f"args.{format_}"
    if not file.is_file():
        pytest.skip(f"nothing here makes unikernels for {name} on {arch}")
    return Guest(plugins.make_runner(name, {}, ROOT / "docs"), arch, file, name != "qemu")


def test_odd_words_arrive_as_they_are_written(guest: Guest) -> None:
    printed, wanted = guest.boot(tuple(ODD))
    assert wanted.encode() in printed


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12), max_size=60))
def test_any_words_arrive_as_they_are_written(guest: Guest, args: list[str]) -> None:
    printed, wanted = guest.boot(tuple(args))
    assert wanted.encode() in printed


LONGEST = {"elf": 4095, "hvt": 8191, "spt": 8191, "virtio": 8191}


def test_the_longest_text_arrives_and_a_longer_one_is_refused(guest: Guest) -> None:
    most = LONGEST[guest.runner.format] if guest.arch == "x86_64" else words.LONGEST
    printed, wanted = guest.boot(("y" * (most - 2), "z"))
    assert wanted.encode() in printed
    with pytest.raises(Rejected, match=rf"at most {most:,}"):
        guest.boot(("y" * (most - 1), "z"))


@pytest.mark.parametrize("arch", COMPILERS)
def test_a_multiboot_kernel_has_its_path_before_the_arguments(tmp_path: Path, arch: str) -> None:
    file = tmp_path / "kernel"
    file.write_bytes(bytes(4092) + (0x1BADB002).to_bytes(4, "little") + bytes(8192))
    runner = plugins.make_runner("qemu", {}, ROOT / "docs")
    runner.check(file, Boot(arch, "", "/u/kernel", ("x" * 5000,)), "")
    runner.check(file, Boot(arch, "", "/my u/kernel"), "")
    if arch == "x86_64":
        with pytest.raises(Rejected, match="the unikernel's path '/my u/kernel' has a blank"):
            runner.check(file, Boot(arch, "", "/my u/kernel", ("x",)), "")


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["a", "b\0c"], "'b\\x00c' has a NUL character"),
        (["a", "\ud800"], "has a half of a surrogate pair"),
        (["x" * 131_072], "is 131,072 bytes long"),
        (["é" * 65_536], "is 131,072 bytes long"),
        (["x" * 100_000] * 11, "the command line has 1,100,011 bytes"),
    ],
)
def test_what_no_program_can_be_given_is_refused(argv: list[str], what: str) -> None:
    with pytest.raises(Rejected) as caught:
        words.check(argv)
    assert what in str(caught.value)
    assert caught.value.remedy


def test_what_a_program_can_be_given_is_not() -> None:
    words.check(["x" * 131_071, "", "\udcff", "ü"])
    subprocess.run(["true", "x" * 131_071, ""], check=True)
