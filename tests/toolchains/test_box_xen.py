"""How the box with Xen is started: the scripts of its image, with a QEMU that only says what it was given."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[2] / "images" / "box-xen"
SCRIPTS = ("block", "dom0", "init", "run")


@pytest.mark.parametrize("name", SCRIPTS)
def test_its_scripts_are_programs_for_any_shell(name: str) -> None:
    assert (IMAGE / name).stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", IMAGE / name], check=False).returncode == 0


def test_it_has_the_memory_processors_and_options_that_it_is_given(tmp_path: Path) -> None:
    fake = tmp_path / "qemu-system-x86_64"
    fake.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    fake.chmod(0o755)
    more = ["-device", "virtio-serial-pci,max_ports=8", "-x", "a  b"]
    done = subprocess.run(
        [IMAGE / "run", "768", "2", *more], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, check=True
    )
    words = done.stdout.decode().splitlines()
    assert words[-len(more) :] == more
    assert {"-nodefaults", "-no-user-config", "-no-reboot"} < set(words)
    for option, value in {"-m": "768", "-smp": "2", "-serial": "stdio", "-kernel": "/box/xen"}.items():
        assert words[words.index(option) + 1] == value
