"""Where a run's tests run, by the user's word and by what an earlier run recorded."""

from __future__ import annotations

import pytest

from bootmatrix import engines
from bootmatrix.engines import SAID, Engine
from bootmatrix.places import opening


def test_each_engine_is_explained_and_can_be_opened() -> None:
    assert set(SAID) == set(Engine) == set(opening.HERE)


@pytest.mark.parametrize(
    ("recorded", "engine"),
    [("host", Engine.HOST), ("docker", Engine.DOCKER), ("Docker 28.2.2", Engine.DOCKER), (None, Engine.DOCKER)],
)
def test_an_earlier_run_is_repeated_where_it_ran(recorded: object, engine: Engine) -> None:
    assert engines.recorded(recorded) is engine
