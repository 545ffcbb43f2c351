"""The links of a slot of a box: taps, and what Xen's back end makes, without a box."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from bootmatrix.places import devices

SOURCE = Path(__file__).with_name("links.c")
HEADER, TAG, IP = 14, 4, 20  # bytes


def checksum(data: bytes) -> int:
    """What RFC 1071 says of what a sum is part of: 0 if it is right."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def test_frames_are_whole_and_a_back_end_takes_the_place_of_its_link(tmp_path: Path) -> None:
    if os.getuid() or not shutil.which("gcc"):
        pytest.skip("a network of one's own with taps for others needs root, and its test gcc")
    if trouble := devices.trouble("tun"):
        pytest.skip(trouble)
    made, sources = tmp_path / "links", str(files("bootmatrix.places.boxes"))
    subprocess.run(["gcc", "-Wall", "-Werror", "-I", sources, "-o", made, SOURCE], check=True)
    done = subprocess.run(["unshare", "-n", made], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = {what: bytes.fromhex(rest) for what, _, rest in (line.partition(" ") for line in done.stdout.splitlines())}
    tagged = found["tagged"]
    assert tagged[12:18] == bytes.fromhex("8100 0005 0800")
    ip = tagged[HEADER + TAG :]
    udp = ip[IP:]
    assert udp[8:] == b"odd"
    assert checksum(ip[12:20] + struct.pack("!HH", 17, len(udp)) + udp + b"\0") == 0
    plain = bytes.fromhex("0200000000 01 020000000002 88b5").ljust(60, b"\0")
    assert [found[name] for name in ("plain", "sent", "last", "nothing")] == [
        plain,
        plain[:5] + b"\3" + plain[6:],
        plain[:5] + b"\4" + plain[6:],
        b"",
    ]
