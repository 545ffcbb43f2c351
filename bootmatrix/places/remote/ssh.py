"""The system's OpenSSH client: its command lines, scripts for the other side's `sh`, and what its refusals mean.

It is the user's own `ssh`: configuration, agent, known hosts and jump hosts count as they do in a terminal.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import select
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bootmatrix import disk
from bootmatrix.errors import InfrastructureError, Problem, printable
from bootmatrix.program import leaving

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bootmatrix.model.remote import Remote

CONNECTING = 10  # seconds for a connection to come about
ALIVE, MISSED = 5, 3  # a question in so many seconds, and how many of them may have no answer
LOST = 255  # the client's exit status where it has none of the other side's to tell
# For every login shell, of whatever kind; all else comes by the standard input, which `read` takes byte by byte
ENTRY = """exec sh -c 'IFS= read -r s && eval "$s"'"""
LOADER = (
    'nl=$(printf "\\nx"); nl=${nl%x}; text=; '
    'while IFS= read -r line && [ "$line" != END ]; do text=$text$line$nl; done; '
    '[ "$line" = END ] || exit 125; eval "$text"\n'
)
OURS = (
    "BatchMode=yes",  # nobody is there to be asked for a password
    f"ConnectTimeout={CONNECTING}",
    f"ServerAliveInterval={ALIVE}",
    f"ServerAliveCountMax={MISSED}",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "ControlPersist=no",
    "LogLevel=ERROR",
)
FINAL = {  # what no waiting mends, and what to do
    r"Permission denied": "give ssh a key that needs no password: an agent, or IdentityFile in ~/.ssh/config",
    r"Host key verification failed|REMOTE HOST IDENTIFICATION": "connect once by hand, and compare the host's key",
    r"Bad configuration option|Bad owner|command-line: line": "correct the options of `ssh`",
    r"Too many authentication failures": "name the key: options: [IdentityFile=…, IdentitiesOnly=yes]",
    r"another machine than before": "run it again",
    r"at login: ": "let the shell's start-up files there print nothing where there is no terminal",
    r"no process group": "use OpenSSH's server there",
    r"[Ss]ession open refused": "let its sshd have ten sessions in a connection: MaxSessions 10",
}
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Client:
    """Talks to one host; `control` is the socket of its one connection."""

    remote: Remote
    control: Path

    def argv(self, *, master: bool = False) -> list[str]:
        """The user's options come first, for to `ssh` the first word counts."""
        control = str(self.control).replace("%", "%%")
        first = () if master else ("ProxyCommand=false",)  # no session beside the one connection, which has the guard
        ours = (*OURS, f"ControlPath={control}", f"ControlMaster={'yes' if master else 'no'}")
        words = (*first, *self.remote.options, *ours)
        port = ["-p", str(self.remote.port)] if self.remote.port else []
        return ["ssh", "-T", *(part for word in words for part in ("-o", word)), *port, "--", self.remote.address]

    def started(self, script: str, end: str, *, master: bool = False) -> subprocess.Popen[bytes]:
        """A session in which `sh` runs the script, which has no line `end`; what is written then is its input."""
        try:
            child = subprocess.Popen(
                [*self.argv(master=master), ENTRY],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            what = f"ssh cannot be started: {error.strerror}"
            raise InfrastructureError(Problem(what, remedy="install it: apt-get install openssh-client")) from None
        leaving.groups.add(child.pid)
        assert child.stdin is not None  # noqa: S101  # it was asked for
        with contextlib.suppress(OSError):  # it has ended already, and says why
            written(child.stdin.fileno(), (LOADER.replace("END", end) + f"{script}\n{end}\n").encode(errors=ERRORS))
        return child


ERRORS = "surrogateescape"  # of texts that are files' names or words of a command line: any bytes


def written(descriptor: int, data: bytes) -> None:
    """All of it; OSError if the other end is gone."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def ready(descriptors: Iterable[int], seconds: float, events: int = select.POLLIN) -> list[int]:
    """Those that can be read, or as `events` says written, within so many seconds."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, events)
    return [descriptor for descriptor, _ in poll.poll(max(0.0, seconds) * 1000)]


def script(*names: str, **given: str) -> str:
    """The scripts of these names, one after the other, with values for their variables, which no child inherits."""
    values = "".join(f"unset {name}; {name}={shlex.quote(text)}\n" for name, text in given.items())
    return values + "\n".join(map(_text, names))


@functools.cache
def _text(name: str) -> str:
    return (HERE / f"{name}.sh").read_text()


def ended(child: subprocess.Popen[bytes]) -> None:
    """End a client and close its pipes; what runs on the other side is ended there."""
    child.kill()
    child.wait()
    leaving.groups.discard(child.pid)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()


def refusal(remote: Remote, said: str) -> tuple[str, bool]:
    """What to do after what the client or the other side said, and whether to try again is no use."""
    for pattern, remedy in FINAL.items():
        if re.search(pattern, said):
            return remedy, True
    if words := disk.told_in(said):
        return f"free some space in {remote.folder} there ({words})", False
    return f"try by hand: ssh {shlex.quote(remote.address)}", False


def trouble(remote: Remote, what: str, said: str) -> InfrastructureError:
    """An error with the line that tells most of what was said, if there is one: one that is known, else the last."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    known = [line for line in lines if disk.told_in(line) or refusal(remote, line)[1]]
    told = ": ".join([what, *map(printable, (known or lines)[-1:])])
    return InfrastructureError(Problem(told, remedy=refusal(remote, said)[0]))
