"""The network stack as a process of this machine, under the compiler's sanitizers: no frame reads or writes astray."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from unikernels import guests

LIBRARY = ("stack", "ethernet", "arp", "ip", "icmp", "words", "console")
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
GUESTS = {
    "net": (("udp",), "ip=10.0.0.2/24"),
    "router": ((), "ip0=10.0.0.2/24 ip1=10.1.0.2/24 deny=53"),
    "http": (("tcp", "tcp_open", "tcp_send"), "ip=10.0.0.2/24 size=5000"),
}


@pytest.fixture(scope="module")
def _sanitizers(tmp_path_factory: pytest.TempPathFactory) -> None:
    if not shutil.which("gcc"):
        pytest.skip("not on PATH: gcc")
    empty = tmp_path_factory.mktemp("sanitizers") / "empty.c"
    empty.write_text("int main(void) { return 0; }\n")
    tried = ["gcc", *SANITIZED, "-o", str(empty.with_suffix("")), str(empty)]
    if subprocess.run(tried, capture_output=True, check=False).returncode:
        pytest.skip("gcc has no sanitizers here")


@pytest.mark.usefixtures("_sanitizers")
@pytest.mark.parametrize("name", GUESTS)
def test_no_frame_makes_the_stack_leave_its_bounds(name: str, tmp_path: Path) -> None:
    more, args = GUESTS[name]
    program = tmp_path / name
    folders = [f"-I{guests.SOURCE / folder}" for folder in ("include", "lib")]
    sources = [
        guests.SOURCE / "src" / f"{name}.c",
        *(guests.SOURCE / "lib" / f"{each}.c" for each in (*LIBRARY, *more)),
    ]
    host = Path(__file__).with_name("host.c")
    flags = ("-std=c11", "-Wall", "-Wextra", "-Werror", *SANITIZED)
    subprocess.run(["gcc", *flags, *folders, "-o", program, host, *sources], check=True)
    for seed in range(3):
        ran = subprocess.run([program, str(seed), "50000", args], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"seed {seed}: {ran.stderr[:2000]}"
