"""Images and bases that this cache has used: `gc` takes its marks off them, and removes those that no other cache uses.

What has no mark of this cache is not ours to free, whoever made it.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tenacity

from bootmatrix import uses
from bootmatrix.errors import InfrastructureError
from bootmatrix.places.containers import engine
from bootmatrix.toolchains import bases, imagebuild, marks
from bootmatrix.upkeep.kept import DAY, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMELESS = "<none>:<none>"
TRIES = 10


def items(*, unmarked: bool) -> Iterator[Item]:
    """Each with what it does not share with another; raises InfrastructureError if the engine does not answer."""
    with engine.speaking("the images cannot be listed"):
        found = listed(lambda: engine.client().images(filters={"label": imagebuild.LABEL}))
        made = listed(lambda: engine.client().images(name=bases.STAND_INS))
        usage = listed(engine.client().df)
    shared = {each["Id"]: max(0, each.get("SharedSize") or 0) for each in usage.get("Images") or ()}
    for kind, each in [*(("image", image) for image in found), *(("base", image) for image in made)]:
        tags = [tag for tag in each.get("RepoTags") or [] if tag != NAMELESS]
        on_it = [mark for mark in marks.of(tags) if mark.counts]
        if any(mark.is_ours for mark in on_it) or (unmarked and not on_it):
            yield _item(kind, each, tags, int(each["Size"]) - shared.get(each["Id"], 0))


def listed(ask: Callable[[], Any]) -> Any:
    """What the engine lists. Podman refuses where an image is removed meanwhile, of all images alike: then it is asked
    again.
    """
    from docker.errors import APIError  # noqa: PLC0415

    def is_passing(error: BaseException) -> bool:
        return isinstance(error, APIError) and "image not known" in engine.reason(error)

    tries = tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_passing), stop=tenacity.stop_after_attempt(TRIES), reraise=True
    )
    return tries(ask)


def _item(kind: str, image: dict[str, Any], tags: list[str], size: int) -> Item:
    on_it = marks.of(tags)
    names = [tag for tag in tags if not marks.MARK.fullmatch(tag)]
    made = time.time() - float(image["Created"])
    into_today = time.time() % DAY  # a mark has only its day, in UTC
    marked = min((mark.days * DAY + into_today for mark in on_it if mark.is_ours), default=made)
    used = [known for known in (uses.last(kind, tag) for tag in names) if known]
    name, age = min(
        used, key=lambda known: known[1], default=(names[0] if names else str(image["Id"])[:19], min(made, marked))
    )
    if _others(on_it):
        return Item(kind, f"{name} (kept, because another cache uses it)", 0, age, _Image(kind, str(image["Id"])))
    return Item(kind, name, size, age, _Image(kind, str(image["Id"])))


def _others(found: list[marks.Mark]) -> bool:
    return any(mark.counts and not mark.is_ours for mark in found)


@dataclass(frozen=True)
class _Image:
    """Takes this cache's marks off an image, and if no other's counts, removes it."""

    kind: str
    id: str

    def __call__(self) -> None:
        """What its tags are is looked at anew: another cache may have marked it by now."""
        found = engine.image(self.id)
        tags = [tag for tag in (found or {}).get("RepoTags") or [] if tag != NAMELESS]
        on_it = marks.of(tags)
        ours = [mark.tag for mark in on_it if mark.is_ours]
        names = [tag for tag in tags if not marks.MARK.fullmatch(tag)]
        if not _others(on_it):
            stale = [mark.tag for mark in on_it if not mark.is_ours]
            self._remove(names + stale + ours or [self.id])
        else:
            self._remove(ours)
        for tag in names:
            uses.forget(self.kind, tag)

    def _remove(self, tags: list[str]) -> None:
        """One after the other; where the engine refuses the last, since a container has the image, all are put back."""
        gone: list[str] = []
        try:
            with engine.speaking(f"{tags[0] if tags else self.id} cannot be removed"):
                for tag in tags:
                    engine.client().remove_image(tag)
                    gone.append(tag)
        except InfrastructureError:
            self._put_back(gone)
            raise

    def _put_back(self, tags: list[str]) -> None:
        with contextlib.suppress(InfrastructureError), engine.speaking("a tag cannot be restored"):
            for tag in tags:
                repository, _, label = tag.rpartition(":")
                engine.client().tag(self.id, repository, label)
