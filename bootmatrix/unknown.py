"""A stand-in for a runner of an untrusted repository: good enough to plan, not to boot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bootmatrix import model
from bootmatrix.errors import UserError

if TYPE_CHECKING:
    from typing import NoReturn

    from bootmatrix.model import Boot, Ending

REFUSED = "the runner is code of a repository that is not trusted"


@dataclass(frozen=True)
class Unknown(model.Runner):
    format: ClassVar[str] = "{format}"
    """The placeholder stays as it is."""
    counts: ClassVar[bool] = True
    """It may, for all that is known."""
    filled: ClassVar[tuple[str, ...]] = ()
    """Nobody knows which of its options have placeholders."""

    def tender(self, arch: str) -> model.Tender:
        """Each architecture may be possible."""
        del arch
        return model.Tender("unknown")

    def launch(self, boot: Boot) -> NoReturn:
        del boot
        raise UserError(REFUSED)

    def outcome(self, ending: Ending) -> NoReturn:
        del ending
        raise UserError(REFUSED)
