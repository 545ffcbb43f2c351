"""The keys of matrix.yaml, their types and, by marks, what they mean: the reference is made from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bootmatrix.matrix.keys.guests import GuestFields, Guests
from bootmatrix.matrix.keys.hosts import Host  # noqa: TC001  # pydantic reads it
from bootmatrix.matrix.keys.limits import Limit  # noqa: TC001  # pydantic reads it
from bootmatrix.matrix.keys.marks import AsWritten, Filled, Layered, Merged, NotInPass, Replaced, Told
from bootmatrix.matrix.keys.nets import OneNet  # noqa: TC001  # pydantic reads it
from bootmatrix.matrix.keys.pair import PairOrAxis  # noqa: TC001  # pydantic reads it
from bootmatrix.matrix.keys.parts import MayBeEmpty, Retry, Strict
from bootmatrix.matrix.keys.values import Day, HostPath, LabelName, Listed, Match, Reason, Seconds, Text


class TestFields(GuestFields):
    """One boot and what is expected of it; `defaults` and `when` take the same keys."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    timeout: Seconds = Field(30.0, description="The boot is ended after this time.")
    limits: Annotated[dict[str, Limit], Merged(), AsWritten()] = Field(
        {}, description="What a boot's measures may be at most (at least, where more is better), by their names."
    )
    count: Annotated[list[Literal["instructions"]], Listed()] = Field(
        [], description="What is counted exactly, in a boot of its own: `instructions`, where the backend can."
    )
    coverage: bool = Field(
        False, description="Whether it is told which of the unikernel's functions were executed, where the backend can."
    )
    retry: Annotated[Retry, Merged(), NotInPass()] = Field(
        Retry.model_construct(), description="When a failed boot is tried again."
    )
    pair: Annotated[PairOrAxis | None, Replaced(), NotInPass()] = Field(
        None, description="Boots that differ in this axis alone take turns, and are held against each other."
    )
    skip: Annotated[Reason | None, AsWritten(), NotInPass()] = Field(
        None, description="Do not run; the value is the reason."
    )
    expected_failure: Annotated[Reason | None, AsWritten()] = Field(
        None,
        alias="expected-failure",
        description="Run, and count a failure as expected; the value is the reason.",
    )
    requires: Annotated[list[HostPath], Listed(), AsWritten(), NotInPass()] = Field(
        [], description="Files that this host must have; without them the test is skipped."
    )
    resources: Annotated[list[Text], Listed(), Filled(), NotInPass()] = Field(
        [],
        description="Names of things that a host has once, such as a tap: boots that name one never run at once.",
    )
    unavailable: Annotated[Literal["skip", "error"], NotInPass()] = Field(
        "skip", description="What a test comes to that this host cannot run."
    )
    box: Annotated[Literal["never", "auto", "always"], NotInPass()] = Field(
        "auto",
        description="Whether it boots in a virtual machine that brings what the host lacks, such as KVM.",
    )
    capture: Annotated[Literal["failed", "always"], NotInPass()] = Field(
        "failed",
        description="Of which boots the packets on the guest's `nets` are kept: of those that did not pass, or of all.",
    )
    guests: Annotated[Guests, Layered(), NotInPass()] = Field(
        {},
        description="The test's guests, by name, if it has several: each has what the test says, and keys of its own.",
    )
    labels: Annotated[dict[LabelName, Text], Merged(), Filled(), NotInPass(), Told()] = Field(
        {},
        description="What else is to be told of the test, by names of your own, such as its id in a test management.",
    )


class When(TestFields):
    """Overrides for the cells that match."""

    match: Match = Field(description="Axes (or parameters) and values; globs and lists are possible.")


class Defaults(TestFields):
    """What every test starts from."""

    when: list[When] = Field([], description="Overrides for some cells.")


class Test(Defaults):
    """A test, multiplied by its parameters."""

    params: dict[str, Annotated[list[Text], Field(min_length=1)]] = Field({}, description="The test's own axes.")
    only: Annotated[list[Match], Listed((dict,))] = Field(
        [], description="The cells that this test is for; without it, all."
    )


OneTest = Annotated[Test, MayBeEmpty()]


class Build(Strict):
    """The commands that turn a source folder into unikernels."""

    source: str = Field(".", description="The folder that is copied for the build, relative to matrix.yaml.")
    run: Annotated[list[str], Field(min_length=1), Listed()] = Field(description="Shell commands, run in the copy.")
    env: dict[str, Text] = Field({}, description="Environment variables.")
    axes: list[str] | None = Field(
        None, description="The axes that the build depends on; without it, all but `backend`."
    )
    output: str | None = Field(
        None, description="The folder of the copy that holds the result; without it, `$OUT` is filled."
    )
    network: bool = Field(False, description="Whether the commands may use the network.")
    prefixes: list[str] = Field(
        [], description="Folders of this host that the build sees, read-only, under the same names."
    )
    timeout: Seconds = Field(1800.0, description="The build is ended after this time.")


class Quarantined(Strict):
    """Tests that are known not to work: they run and are told, but fail no run until a day."""

    match: Match = Field(description="`test`, axes or parameters, and values; globs and lists are possible.")
    owner: Reason = Field(description="Who is responsible for it.")
    reason: Reason = Field(description="Why it is known not to work.")
    until: Day = Field(description="The last day (UTC), such as 2027-01-31; from the next on it fails the run.")


class MatrixFile(Strict):
    """matrix.yaml: where a unikernel must boot, how it is built, and what is expected."""

    axes: dict[str, Annotated[list[Text], Field(min_length=1)]] = Field(
        min_length=1, description="`compiler`, `os`, `arch`, `backend` and any axis of your own."
    )
    exclude: list[Match] = Field([], description="Cells to leave out, as in GitHub Actions, with globs and lists.")
    include: list[Match] = Field([], description="Cells to add, or values to add to cells, as in GitHub Actions.")
    hosts: dict[str, Host] = Field({}, description="Machines over SSH: each is what a cell's `os` may name.")
    builds: dict[str, Build] = Field({}, description="How unikernels are made.")
    nets: dict[str, OneNet] = Field(
        {}, description="Networks, made anew for each boot whose guest is attached to them."
    )
    defaults: Defaults = Field(Defaults.model_construct(), description="What every test starts from.")
    tests: dict[str, OneTest] = Field(min_length=1, description="What is booted, and what is expected.")
    quarantine: list[Quarantined] = Field([], description="Tests that are known not to work.")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of matrix.yaml, for editors."""
    schema = MatrixFile.model_json_schema(by_alias=True)
    schema["patternProperties"] = {"^x-": {}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bootmatrix matrix.yaml",
    }
