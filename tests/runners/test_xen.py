"""What a boot on Xen is started with: xl's command line, its configuration, and what removes the domain."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as some

from bootmatrix import plugins
from bootmatrix.boots import given as filled
from bootmatrix.model import Block, Boot, Interface, Network, Rejected, Runner
from runners import xl

ROOT = Path(__file__).parents[2]
BOOT = Boot("x86_64", "/bin/xl", "/u/a.elf", ("one", "two"), 65 << 20, 2, folder="/job/b1")
TEXTS = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]))
FAKE = """#!/bin/sh
echo "$1" >> {log}
case $1 in
  list) printf '%s\n' '{head}' '{row}'; [ ! -e {domain} ] || cat {domain};;
  destroy) [ "$2" = 17 ] && {destroy};;
esac
"""
ROWS = [
    "Name                            ID   Mem VCPUs\tState\tTime(s)   UUID         Reason-Code\tSecurity Label",
    "a name                                       7    64     1     --p---       0.0 {other}        -                -",
    "{name:<40}    17     0     0     --p---       0.0 {uuid}        -                -",
]


def make(name: str = "xen", **options: object) -> Runner:
    return plugins.make_runner(name, options, ROOT / "docs")


def config(boot: Boot, name: str = "xen", **options: Any) -> dict[str, str | list[str]]:
    return xl.read(make(name, **options).launch(boot).files["domain.cfg"])


def test_a_boot_is_a_domain_of_its_own() -> None:
    found = config(BOOT)
    domain, uuid = found.pop("name"), found.pop("uuid")
    assert found == {
        "type": "pvh",
        "kernel": "/u/a.elf",
        "memory": "65",
        "vcpus": "2",
        "cmdline": "one two",
        **dict.fromkeys(("on_poweroff", "on_reboot", "on_watchdog", "on_crash", "on_soft_reset"), "destroy"),
    }
    assert make().launch(BOOT).argv == ("/bin/xl", "create", "-F", "-c", "/job/b1/domain.cfg")
    other = config(replace(BOOT, folder="/job/b2"))
    assert (domain, uuid) == (f"bootmatrix-{uuid}", config(BOOT)["uuid"])
    assert other["uuid"] != uuid != other["name"] != domain


@pytest.mark.parametrize(("name", "kind"), [("xen", "pv"), ("xen", "pvh"), ("solo5-xen", "pvh")])
def test_the_kind_is_the_matrixs(name: str, kind: str) -> None:
    assert config(BOOT, name, **({"type": kind} if name == "xen" else {}))["type"] == kind


@given(some.lists(TEXTS, max_size=4), TEXTS)
def test_arguments_and_paths_arrive_as_they_are(args: list[str], path: str) -> None:
    found = config(replace(BOOT, args=tuple(args), unikernel=f"/{path}"))
    assert (found.get("cmdline", ""), found["kernel"]) == (" ".join(args), f"/{path}")


@given(TEXTS)
def test_settings_arrive_as_they_are(text: str) -> None:
    value = text.strip()
    if not value.startswith("["):
        assert config(BOOT, config=[f"ramdisk={text}"])["ramdisk"] == value


def test_bytes_that_are_no_text_arrive_too() -> None:
    assert b'cmdline = "\xff"\n' in make().launch(replace(BOOT, args=("\udcff",))).files["domain.cfg"]


def test_settings_have_placeholders_and_may_be_lists() -> None:
    made = filled.runner(make(config=["ramdisk = {files.initrd}", 'cpus = ["0", "1"]']), BOOT, {"files.initrd": "/f"})
    found = xl.read(made.launch(BOOT).files["domain.cfg"])
    assert (found["ramdisk"], found["cpus"]) == ("/f", ["0", "1"])


@pytest.mark.parametrize("key", ["name", "kernel", "on_crash", "on_soft_reset", "extra", "disk", "vif"])
def test_what_is_bootmatrixs_own_is_not_set(key: str) -> None:
    with pytest.raises(Rejected, match=f"'{key}' of `config` is set by bootmatrix"):
        config(BOOT, config=[f"{key}=x"])


@pytest.mark.parametrize("line", ["nested", "Nested=1", "=1", "a b=1", "nestedhvm+=1", ""])
def test_what_is_no_setting_is_refused(line: str) -> None:
    with pytest.raises(Rejected, match="is no setting of xl"):
        config(BOOT, config=[line])


def test_a_setting_that_stands_twice_is_refused() -> None:
    with pytest.raises(Rejected, match="stands there twice"):
        config(BOOT, config=["nestedhvm=1", "nestedhvm=0"])


def test_disks_are_given_in_their_order_and_as_the_paths_that_they_are() -> None:
    blocks = (Block("a", '/d/a,b"c', 1 << 20), Block("b", "/d/b", 512, read_only=True))
    assert config(replace(BOOT, blocks=blocks))["disk"] == [
        'format=raw,vdev=xvda,access=rw,script=block,target=/d/a,b"c',
        "format=raw,vdev=xvdb,access=ro,script=block,target=/d/b",
    ]


@pytest.mark.parametrize(
    ("boot", "options", "words"),
    [
        (replace(BOOT, args=("x" * 1024,)), {"type": "pv"}, "1,024 bytes, but Xen gives a pv guest at most 1,023"),
        (replace(BOOT, args=("é" * 32768,)), {}, "65,536 bytes, but Xen gives a pvh guest"),
        (replace(BOOT, blocks=(Block("a", "/d/a", 8192, 4096),)), {}, "sectors of 4,096 bytes"),
        (replace(BOOT, blocks=(Block("a", "/d/a", 8193),)), {}, "8,193 bytes, which is no multiple"),
        (replace(BOOT, blocks=tuple(Block(f"b{n}", "/d", 512) for n in range(27))), {}, "at most 26 disks"),
    ],
)
def test_what_xen_has_not_is_refused(boot: Boot, options: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        config(boot, **options)


def test_interfaces_are_given_in_their_order_with_what_carries_their_frames() -> None:
    lan, at = Network("lan", IPv4Interface("10.0.0.1/24")), IPv4Interface("10.0.0.2/24")
    ones = (
        Interface("service", lan, "tap0", at, "02:00:00:00:00:02"),
        Interface("other", lan, "tap1", at, "02:00:00:00:00:03", 9000),
    )
    boot = replace(BOOT, interfaces=ones)
    for name in ("xen", "solo5-xen"):
        assert config(boot, name)["vif"] == [
            "mac=02:00:00:00:00:02,mtu=1500,script=vif-link,vifname=tap0",
            "mac=02:00:00:00:00:03,mtu=9000,script=vif-link,vifname=tap1",
        ]
    assert make().launch(boot).devices == ("vif",)
    assert make().launch(BOOT).devices == ()


@pytest.mark.parametrize("arch", ["aarch64", "riscv64"])
@pytest.mark.parametrize("name", ["xen", "solo5-xen"])
def test_another_architecture_is_refused(name: str, arch: str) -> None:
    with pytest.raises(Rejected, match=f"not {arch}"):
        make(name).tender(arch)


@pytest.mark.parametrize("name", ["bootmatrix-a", "(null)"])
@pytest.mark.parametrize(
    ("there", "destroy", "status", "asked"),
    [
        (False, "exit 9", 0, ["list"]),
        (True, "rm -f {domain}", 0, ["list", "destroy", "list"]),
        (True, "exit 1", 1, ["list", "destroy"]),
        (True, "exit 0", 1, ["list", "destroy", "list"]),
    ],
)
def test_a_domain_is_removed_if_it_is_there(
    tmp_path: Path, name: str, *, there: bool, destroy: str, status: int, asked: list[str]
) -> None:
    program, log, domain = tmp_path / "xl", tmp_path / "log", tmp_path / "domain"
    boot = replace(BOOT, program=str(program))
    head, row = ROWS[0], ROWS[1].format(other=config(replace(boot, folder="/job/b2"))["uuid"])
    program.write_text(FAKE.format(log=log, domain=domain, head=head, row=row, destroy=destroy.format(domain=domain)))
    program.chmod(0o755)
    if there:
        domain.write_text(ROWS[2].format(name=name, uuid=config(boot)["uuid"]) + "\n")
    assert subprocess.run(make().launch(boot).undo, check=False, capture_output=True).returncode == status
    assert log.read_text().splitlines() == asked


def test_an_xl_that_cannot_tell_removes_nothing(tmp_path: Path) -> None:
    program = tmp_path / "xl"
    program.write_text("#!/bin/sh\necho 'cannot init xl context' >&2; exit 1\n")
    program.chmod(0o755)
    done = subprocess.run(make().launch(replace(BOOT, program=str(program))).undo, check=False, capture_output=True)
    assert (done.returncode, b"cannot init xl context" in done.stderr) == (1, True)
