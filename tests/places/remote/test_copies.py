"""Files and disks between this host and one over SSH."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sshd import job, lines, served, to_the_end
from support import run_job

from bootmatrix.errors import InfrastructureError, UserError
from bootmatrix.places.disks import Disk
from bootmatrix.places.remote import giving
from bootmatrix.places.remote.link import Link
from bootmatrix.places.remote.place import RemotePlace

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.sshd


@pytest.mark.skipif(os.getuid() != 0, reason="to mount needs root")
def test_a_full_disk_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(1 << 20))
    (tmp_path / "server").mkdir()
    with served(tmp_path / "server", room=300_000) as small:
        place = RemotePlace(Link(small.remote(), threading.Event(), patience=lambda: 20.0))
        try:
            mount = place.mount(tmp_path / "large", "/files/large")
            with (
                pytest.raises(InfrastructureError, match=r"(?s)No space left on device.*free some space"),
                place.start(job("true", mounts=(mount,))),
            ):
                raise AssertionError("there is no room for it")
            assert run_job(place, job("echo still here"))[1] == b"still here\n"
        finally:
            place.close()


def test_files_of_a_job_and_its_mounts_are_there(remote_place: RemotePlace, tmp_path: Path) -> None:
    built = tmp_path / "built"
    (built / "deep").mkdir(parents=True)
    (built / "deep" / "a file").write_text("content")
    (built / "run").write_text("#!/bin/sh\necho ran\n")
    (built / "run").chmod(0o755)
    (built / "link").symlink_to("run")
    mount, folder = remote_place.mount(built, "/unikernels"), remote_place.folder()
    script = 'cd "$1" && cat "deep/a file" && ./link && cat "$2/vm.json"; [ -w "$2/vm.json" ] && ls -l "$2"'
    for _ in range(2):  # what is there is not copied again
        console = run_job(
            remote_place, job(script, mount.inside, folder, mounts=(mount,), folder=folder, files={"vm.json": b"{}"})
        )[1]
        assert console.startswith(b"contentran\n{}")
        folder = remote_place.folder()


def test_disks_are_made_there_and_looked_at_here(remote_place: RemotePlace, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"begun")
    wanted = {
        "empty": Disk(3 << 20),
        "filled": Disk(1 << 20, tmp_path / "image", tmp_path),
        "fixed": Disk(5, tmp_path / "image", tmp_path, read_only=True),
    }
    folder = remote_place.folder()
    script = """cd "$1-disks" || exit 9; ls -l | awk 'NR > 1 { print $1, $5, $NF }'
printf written | dd of=empty bs=1 seek=2097152 conv=notrunc 2>/dev/null; head -c 7 filled | od -c | head -n 1"""
    with remote_place.start(job(script, folder, folder=folder, disks=wanted)) as process:
        told = lines(process, 4)
        to_the_end(process)
        assert [line.split()[1:] for line in told[:3]] == [["3145728", "empty"], ["1048576", "filled"], ["5", "fixed"]]
        assert told[2].startswith("-r--r--r--")
        assert told[3].split()[1:] == ["b", "e", "g", "u", "n", "\\0", "\\0"]
        assert process.disks
        process.disks.check_room()
        with process.disks.opened("empty") as descriptor:
            assert os.fstat(descriptor).st_size == 3 << 20
            assert os.pread(descriptor, 8, 2097152) == b"written\0"
            again = {"again": Disk(3 << 20, descriptor=descriptor, read_only=True)}
            other = remote_place.folder()
            read_again = job('dd if="$1-disks/again" bs=1 skip=2097152 count=7 2>/dev/null', other, folder=other)
            assert run_job(remote_place, replace(read_again, disks=again))[1] == b"written"


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("rm disk; ln -s /etc/passwd disk", "not a regular file"),
        ("rm disk; mkfifo disk", "not a regular file"),
        ("rm disk", "not a regular file"),
        ("cat /dev/zero | head -c 2000000 >>disk", "larger than before"),
    ],
)
def test_what_is_no_disk_any_more_is_not_read(deed: str, told: str, remote_place: RemotePlace) -> None:
    folder = remote_place.folder()
    asked = job(f'cd "$1-disks" && {deed}', folder, folder=folder, disks={"disk": Disk(4096)}, trusted=True)
    with remote_place.start(asked) as process:
        to_the_end(process)
        assert process.disks
        with pytest.raises(OSError, match=told), process.disks.opened("disk"):
            pass


def brought(remote_place: RemotePlace, tmp_path: Path, script: str, output: str = "") -> Path:
    """What a job leaves in its folder, or in one of these, on this host."""
    made = tmp_path / "made"
    made.mkdir()
    mount = remote_place.mount(made, "/out", writable=True)
    wanted = f"{mount.inside}/{output}" if output else mount.inside
    asked = job(f'cd "$1" || exit 9; {script}', mount.inside, mounts=(mount,), brings=(wanted,), trusted=True)
    found, _, said = run_job(remote_place, asked)
    assert found.status == 0, said
    return made / output


def test_what_a_build_made_is_brought_back(remote_place: RemotePlace, tmp_path: Path) -> None:
    long = "l" * 120
    script = f"""mkdir -p a/{long}/{long} 'b
c'; echo deep >a/{long}/{long}/file; echo x >'b
c/d'; printf '#!/bin/sh\n' >run; chmod 755 run; ln -s /etc/passwd out; ln run second; mkfifo pipe
echo secret >closed; chmod 000 closed; : >empty; dd if=/dev/zero of=holes bs=1 count=1 seek=2999999"""
    made = brought(remote_place, tmp_path, script)
    assert (made / "a" / long / long / "file").read_text() == "deep\n"
    assert (made / "b\nc" / "d").read_text() == "x\n"
    assert os.access(made / "run", os.X_OK)
    assert (made / "out").readlink().as_posix() == "/etc/passwd"
    assert (made / "second").read_bytes() == (made / "run").read_bytes()
    assert (made / "closed").read_text() == "secret\n"
    assert (made / "holes").stat().st_size == 3_000_000
    assert (made / "empty").read_bytes() == b""


def test_a_folder_that_is_not_there_is_not_brought(remote_place: RemotePlace, tmp_path: Path) -> None:
    assert not brought(remote_place, tmp_path, "true", "dist").exists()


def test_a_link_out_of_the_copy_is_not_followed(remote_place: RemotePlace, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leads out of the copy"):
        brought(remote_place, tmp_path, "ln -s /etc dist", "dist")


HOSTILE = {
    "no archive": ("yes 'something else' | head -n 100", UserError, "it is not a tar archive"),
    "one that leads out": (
        "cd / && exec /usr/bin/tar --transform 's,^,../../,' -cf - etc/hostname",
        UserError,
        "an entry leads out of it",
    ),
    "one without an end": ("while head -c 65536 /dev/zero | tr '\\0' a; do sleep 0.1; done", UserError, "not a tar"),
    "one of which too little comes": ("exec sleep 30", InfrastructureError, "too little in an hour"),
    "a torn one": ("/usr/bin/tar -cf - /bin/cat 2>/dev/null | head -c 3000", InfrastructureError, "cannot be taken"),
}


@pytest.mark.parametrize("deed", HOSTILE)
def test_what_a_hostile_host_sends_is_refused(deed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, kind, told = HOSTILE[deed]
    monkeypatch.setattr(giving, "LONGEST", 2.0)
    (tmp_path / "server").mkdir()
    with served(tmp_path / "server") as server:
        place = RemotePlace(Link(server.remote(), threading.Event(), patience=lambda: 20.0))
        try:
            place.await_ready()  # with a good one
            fake = server.folder / "bin" / "tar"
            fake.write_text(f'#!/bin/sh\ncase "$*" in *-xf*) exec /usr/bin/tar "$@" ;; esac\n{script}\n')
            fake.chmod(0o755)
            with pytest.raises(kind, match=told):
                brought(place, tmp_path, "echo x >file")
            assert sorted(each.name for each in tmp_path.iterdir()) == ["made", "server"]
            assert run_job(place, job("echo still here"))[1] == b"still here\n"
        finally:
            place.close()
