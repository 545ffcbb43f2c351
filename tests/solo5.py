"""Solo5 unikernels, made from one source as a test wants them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

SOLO5 = Path("/usr/local")
COMPILE = "gcc -Os -m64 -mno-red-zone -mgeneral-regs-only -ffreestanding -fno-stack-protector -fno-pic -fno-pie -c"
LINK = "ld -nostdlib -static -z noexecstack -z max-page-size=4096 --strip-debug"
ABIS = ("hvt", "spt", "virtio")


def make(folder: Path, source: Path, **devices: str) -> Path:
    """The folder with it for each tender; `devices` are the types of its manifest's devices, by their names."""
    declared = [{"name": name, "type": kind} for name, kind in devices.items()]
    (folder / "manifest.json").write_text(json.dumps({"type": "solo5.manifest", "version": 1, "devices": declared}))
    tool = shutil.which("solo5-elftool") or "solo5-elftool"
    subprocess.run([tool, "gen-manifest", folder / "manifest.json", folder / "manifest.c"], check=True)
    objects = [folder / f"{each.stem}.o" for each in (source, folder / "manifest.c")]
    for each, target in zip((source, folder / "manifest.c"), objects, strict=True):
        subprocess.run([*COMPILE.split(), f"-I{SOLO5}/include/solo5", each, "-o", target], check=True)
    library = SOLO5 / "lib" / "x86_64-solo5-none-static"
    for abi in ABIS:
        script: list[str | Path] = ["-T", library / f"solo5_{abi}.lds", "-o", folder / f"{source.stem}.{abi}"]
        subprocess.run([*LINK.split(), *script, library / f"solo5_{abi}.o", *objects], check=True)
    return folder
