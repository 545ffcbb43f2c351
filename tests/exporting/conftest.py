"""Servers of measures for the tests of what sends to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers import Scripted


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.influxdb(tmp_path_factory.mktemp("influxdb")) as url:
        yield url


@pytest.fixture(scope="session")
def pushgateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.pushgateway(tmp_path_factory.mktemp("pushgateway")) as url:
        yield url


@pytest.fixture(scope="session")
def prometheus(pushgateway: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.prometheus(tmp_path_factory.mktemp("prometheus"), pushgateway) as url:
        yield url


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Makes servers that answer as they are told to."""
    import contextlib  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        yield lambda *answers: stack.enter_context(servers.Scripted(list(answers)).serving())
