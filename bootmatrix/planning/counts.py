"""Whether what a test wants to have counted can be: up to where is its `ready` to say, which the counter must see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootmatrix.errors import Problem, UserError

if TYPE_CHECKING:
    from bootmatrix.matrix.keys.schema import TestFields
    from bootmatrix.model import Runner

WHAT = "instructions are counted until the guest ends, or up to a text on its console"
LONGEST = 4096  # bytes of that text: the counter's own


def check(test: str, fields: TestFields, runner: Runner) -> None:
    """Raises UserError if it cannot be. On a backend that does not count, nothing is asked."""
    if not (fields.count or fields.coverage) or not runner.counts:
        return
    if fields.ready and not fields.ready.text:
        what = f"the `ready` of '{test}' is not a text, but {WHAT}"
        raise UserError(Problem(what, remedy="write `ready` as a text, or leave out `count` and `coverage`"))
    if fields.ready and len(fields.ready.text.encode("utf-8", "replace")) > LONGEST:
        raise UserError(Problem(f"the `ready` of '{test}' is longer than {LONGEST:,} bytes", remedy="shorten it"))
    if fields.checks and not fields.ready:
        what = f"'{test}' has checks and no `ready`, but {WHAT}: nobody asks anything of a boot that is counted"
        raise UserError(Problem(what, remedy="add `ready`: the text that the guest prints when it is"))
