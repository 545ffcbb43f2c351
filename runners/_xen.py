"""Xen's domains by xl: the configuration that a boot comes to, and its command line.

Facts from Xen 4.17: tools/libs/util/libxlu_cfg_l.l, tools/libs/guest/xg_dom_x86.c, xl.cfg(5).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from bootmatrix.model import MIB, Boot, Launch, Rejected, Tender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal
    from uuid import UUID

    Kind = Literal["pvh", "pv"]

ACCELERATOR = "xen"
FILE = "domain.cfg"  # beside the boot's other files
# Bytes of a command line. Of what is longer a PV guest is given the beginning, without a word (MAX_GUEST_CMDLINE).
MOST = {"pvh": 65_535, "pv": 1023}
SETTING = re.compile(r"\s*([a-z][._0-9a-z]*)\s*=\s*(.*)", re.DOTALL)
# A domain that ends is gone, whatever it wants: one that came back would be another boot.
ENDS = ("on_poweroff", "on_reboot", "on_watchdog", "on_crash", "on_soft_reset")
OURS = frozenset(
    {*ENDS, "name", "uuid", "kernel", "type", "memory", "vcpus", "cmdline", "extra", "root", "disk", "vif"}
)
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
BACK_END = "vif"  # what carries the frames of a guest's interfaces
SECTOR = 512  # bytes: xl knows no other
DISKS = 26
# By its UUID, which alone a domain has from its first moment to its last: xl may be killed before it gives a name, and
# takes that away before it fails to remove the rest.
UNDO = r"""
find() {
    all=$("$1" list -v) || return
    printf '%s\n' "$all" | tr -s ' ' | sed -n "s/^.* \([0-9]*\) [0-9]* [0-9]* [-a-z]* [0-9.]* $2 .*/\1/p"
}
id=$(find "$@") || exit
[ "$id" ] || exit 0
"$1" destroy "$id" || exit
id=$(find "$@") || exit
[ ! "$id" ] || { echo "the domain $id stays" >&2; exit 1; }
"""


def tender(arch: str, prefix: str) -> Tender:
    """`xl` of a host on which Xen runs. Raises Rejected for another architecture than x86_64."""
    if arch != "x86_64":
        raise Rejected(f"bootmatrix boots x86_64 guests on Xen, not {arch}", "exclude the cell")
    return Tender("xl", (ACCELERATOR,), prefix=prefix)


def launch(boot: Boot, kind: Kind, config: tuple[str, ...] = ()) -> Launch:
    """A domain with the boot's memory and processors; `config` are more settings, each `key=value`.

    Raises Rejected for what Xen, or this way to start a domain, does not have.
    """
    domain = identity(boot)
    text = "".join(f"{key} = {value}\n" for key, value in (*_settings(boot, kind, domain), *_more(config)))
    argv = (boot.program, "create", "-F", "-c", f"{boot.folder}/{FILE}")
    undo = ("sh", "-c", UNDO, "sh", boot.program, str(domain))
    devices = (BACK_END,) if boot.interfaces else ()
    return Launch(argv, {FILE: text.encode("utf-8", "surrogateescape")}, devices, undo)


def identity(boot: Boot) -> UUID:
    """The domain's: no other boot has its folder."""
    return uuid5(NAMESPACE_URL, boot.folder)


def quoted(text: str) -> str:
    """A text as xl reads it: it takes its other escapes, by number, for other characters than one would think."""
    return f'"{text.translate(ESCAPED)}"'


def _settings(boot: Boot, kind: Kind, domain: UUID) -> Iterator[tuple[str, str]]:
    yield "name", quoted(f"bootmatrix-{domain}")
    yield "uuid", quoted(str(domain))
    yield "type", quoted(kind)
    yield "kernel", quoted(boot.unikernel)
    yield "memory", str(-(-boot.memory // MIB))
    yield "vcpus", str(boot.cpus)
    if cmdline := _cmdline(boot, kind):
        yield "cmdline", quoted(cmdline)
    if disks := ", ".join(map(quoted, _disks(boot))):
        yield "disk", f"[{disks}]"
    if interfaces := ", ".join(map(quoted, _interfaces(boot))):
        yield "vif", f"[{interfaces}]"
    for end in ENDS:
        yield end, quoted("destroy")


def _cmdline(boot: Boot, kind: Kind) -> str:
    text = " ".join(boot.args)
    size = len(text.encode("utf-8", "surrogateescape"))
    if size > MOST[kind]:
        what = f"the boot arguments have {size:,} bytes, but Xen gives a {kind} guest at most {MOST[kind]:,}"
        raise Rejected(what, "shorten them, or give the guest a disk: `blocks`")
    return text


def _disks(boot: Boot) -> Iterator[str]:
    """`xvda` and so on, in their order. The path comes last: all of the rest is that.

    Source: xl-disk-configuration(5).
    """
    if len(boot.blocks) > DISKS:
        raise Rejected(f"a guest on Xen has at most {DISKS} disks here, not {len(boot.blocks)}", "give it fewer")
    for number, block in enumerate(boot.blocks):
        if block.sector != SECTOR:
            what = f"the disk '{block.name}' has sectors of {block.sector:,} bytes, but Xen's have {SECTOR}"
            raise Rejected(what, f"leave out `sector`, or write {SECTOR}")
        if block.size % SECTOR:  # a loop device would leave out the rest
            what = f"the disk '{block.name}' has {block.size:,} bytes, which is no multiple of {SECTOR}"
            raise Rejected(what, f"make it whole sectors: `size: {-(-block.size // SECTOR) * SECTOR} B`")
        access = "ro" if block.read_only else "rw"
        yield f"format=raw,vdev=xvd{chr(ord('a') + number)},access={access},script=block,target={block.path}"


def _interfaces(boot: Boot) -> Iterator[str]:
    """`vif0` and so on, in their order; the script is that of a box.

    Source: xl-network-configuration(5).
    """
    for each in boot.interfaces:
        yield f"mac={each.mac},mtu={each.mtu},script=vif-link,vifname={each.device}"


def _more(config: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """A value that begins with `[` is a list in xl's own words; any other is a text."""
    seen = set()
    for line in config:
        found = SETTING.fullmatch(line)
        if not found:
            what = f"the `config` entry '{line}' is no setting of xl"
            raise Rejected(what, "write KEY=VALUE, the key in lower case: config: [ramdisk={files.initrd}]")
        key, value = found[1], found[2].strip()
        if key in OURS or key in seen:
            why = "is set by bootmatrix" if key in OURS else "stands there twice"
            raise Rejected(f"the setting '{key}' of `config` {why}", "leave it out")
        seen.add(key)
        yield key, value if value.startswith("[") else quoted(value)
