"""A guest, and several of one test: the keys that say what is booted and what is expected of it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bootmatrix.matrix.keys.blocks import DiskName, DiskOrSize, FileName  # noqa: TC001  # pydantic reads them
from bootmatrix.matrix.keys.checks import CheckList, ReadyOrText  # noqa: TC001  # pydantic reads them
from bootmatrix.matrix.keys.marks import AsWritten, Filled, Merged, NotInPass, PlugIn, Replaced
from bootmatrix.matrix.keys.nets import Attachments  # noqa: TC001  # pydantic reads it
from bootmatrix.matrix.keys.parts import Expect, MayBeEmpty, MetricOrRegex, Patterns, Strict
from bootmatrix.matrix.keys.soak import SoakOrDuration  # noqa: TC001  # pydantic reads it
from bootmatrix.matrix.keys.values import ConsoleSize, Memory, OutcomeWord, Port, Seconds, Text, Whole, one_group
from bootmatrix.model import MIB

READY = "ready"
SEPARATOR = ": "  # between a guest's name and what is told of it
MOST = 16  # guests of a test
GUEST_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


def _guest_name(name: str) -> str:
    if not GUEST_NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not a valid name for a guest; use letters, digits, _ and -, a letter first")
    return name


def _after(value: Any) -> Any:
    """Also as a name alone, or a list of names: of a guest nothing else can be waited for."""
    names = [value] if isinstance(value, str) else value
    return dict.fromkeys(names, READY) if isinstance(names, list) and all(map(_is_text, names)) else value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


GuestName = Annotated[str, AfterValidator(_guest_name)]
Waits = dict[GuestName, Literal["ready"]]
After = Annotated[Waits, BeforeValidator(_after, json_schema_input_type=Waits | list[str] | str)]


class GuestFields(Strict):
    """What is booted and what is expected of it; a test has these keys, and so has each of its `guests`."""

    build: Annotated[str | None, AsWritten(), NotInPass()] = Field(
        None, description="The build that makes the unikernel; with none, the file is the repository's."
    )
    unikernel: Annotated[Text, Filled()] = Field(
        "{test}.{format}", description="The file to boot, below the build's output."
    )
    args: Annotated[list[Text], Filled(late=True)] = Field([], description="The guest's boot arguments.")
    files: Annotated[dict[FileName, Text], Merged(), Filled(late=True, few=frozenset({"output"}))] = Field(
        {}, description="Files that the boot can read, by name, below matrix.yaml's folder or `{output}`."
    )
    blocks: Annotated[dict[DiskName, DiskOrSize], Merged(), Filled(late=True, also=frozenset({"disk"}))] = Field(
        {}, description="The guest's disks, by the names that it knows them by: sizes, or files that are copied."
    )
    memory: Memory = Field(64 * MIB, description="The guest's memory.")
    cpus: Whole = Field(1, ge=1, le=256, description="The guest's processors.")
    idle_timeout: Seconds | None = Field(None, description="The boot is ended after this time without console output.")
    console_limit: ConsoleSize = Field(4 * MIB, description="The boot is ended when the console is longer.")
    expect: Annotated[Expect, Merged()] = Field(Expect.model_construct(), description="What must be seen for a pass.")
    metrics: Annotated[dict[str, MetricOrRegex], Merged(), AsWritten()] = Field(
        {}, description="Numbers that the guest prints, by name."
    )
    ready: Annotated[ReadyOrText | None, Replaced()] = Field(
        None, description="What tells that the guest is ready: a text or pattern on its console, or a check."
    )
    checks: CheckList = Field([], description="What is asked of the guest from outside while it lives, in this order.")
    soak: SoakOrDuration = Field(
        None,
        description="How long the guest runs once it is ready, while its checks go round as load, and what may grow.",
    )
    exit_codes: Annotated[dict[Whole, OutcomeWord], Replaced(), AsWritten()] = Field(
        {}, description="What the tender's exit statuses mean in this suite."
    )
    console_exit: Annotated[str, AfterValidator(one_group), AsWritten()] = Field(
        "", description="A regular expression whose group is the status that the guest prints as it ends."
    )
    skip_rejected: Annotated[Patterns, AsWritten()] = Field(
        [], description="Patterns of a tender's refusal that counts as a skip, not as an error."
    )
    cases: Annotated[str | None, PlugIn("protocols"), AsWritten()] = Field(
        None, description="The protocol in which the guest reports test cases on its console."
    )
    nets: Annotated[Attachments, Merged()] = Field(
        {}, description="The guest's interfaces, by the names that it knows them by, and the network of each."
    )
    monitoring: Annotated[Port | None, NotInPass()] = Field(
        None, description="The TCP port at the host end of its `nets` to which the guest sends line protocol."
    )
    runner: Annotated[dict[str, Any], Merged(), AsWritten(), NotInPass()] = Field(
        {}, description="The backend's own options."
    )


class Guest(GuestFields):
    """One of several: what it does not say the test says for all."""

    backend: Annotated[str | None, PlugIn("runners"), AsWritten()] = Field(
        None, description="What boots it; without it, the cell's backend."
    )
    after: Annotated[After, Replaced(), AsWritten()] = Field(
        {}, description="The guests that must be ready before this one is started; without it, all start together."
    )


Guests = Annotated[dict[GuestName, Annotated[Guest, MayBeEmpty()]], Field(max_length=MOST)]
