"""The connection to a host over SSH: shared, refused, lost and made anew."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sshd import STAYING, gone, job, lines, served, to_the_end, until
from support import run_job

from bootmatrix.errors import InfrastructureError
from bootmatrix.places.remote import connection
from bootmatrix.places.remote.link import Link
from bootmatrix.places.remote.place import RemotePlace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sshd import Server


pytestmark = pytest.mark.sshd


LOST = "the connection to elsewhere was lost"


def test_a_connection_that_is_lost_ends_its_jobs_and_is_made_anew(remote_place: RemotePlace, server: Server) -> None:
    with remote_place.start(job(STAYING + "wait")) as process:
        pids = [int(line) for line in lines(process, 3)]
        server.cut()
        with pytest.raises(InfrastructureError, match=LOST):
            to_the_end(process)
    assert until(lambda: all(map(gone, pids)))
    assert run_job(remote_place, job("echo again"))[1] == b"again\n"


def test_a_host_that_has_changed_meanwhile_is_not_taken_for_the_same(tmp_path: Path) -> None:
    with served(tmp_path) as changing:
        compiler = changing.folder / "bin" / "cc"
        compiler.write_text("#!/bin/sh\necho cc 1.0\n")
        compiler.chmod(0o755)
        place, other = (RemotePlace(Link(changing.remote("elsewhere", "cc"), threading.Event())) for _ in "ab")
        try:
            before = place.identity
            compiler.write_text("#!/bin/sh\necho cc 2.0\n")
            with place.start(job("sleep 1000")) as process:
                changing.cut()
                with pytest.raises(InfrastructureError, match=LOST):
                    to_the_end(process)
            with pytest.raises(InfrastructureError, match="another machine than before"):
                run_job(place, job("true"))
            assert other.identity != before
        finally:
            place.close()
            other.close()


def test_a_server_that_stands_still_is_noticed(tmp_path: Path) -> None:
    with served(tmp_path) as still:
        place = RemotePlace(Link(still.remote(), threading.Event(), patience=lambda: 20.0))
        try:
            with place.start(job("echo here; sleep 1000")) as process:
                assert lines(process, 1) == ["here"]
                for pid in still.sessions():
                    os.kill(pid, signal.SIGSTOP)
                with pytest.raises(InfrastructureError, match=LOST):
                    to_the_end(process)
            assert run_job(place, job("echo again"))[1] == b"again\n"
        finally:
            place.close()


def test_the_guard_ends_all_when_it_hears_nothing(
    remote_place: RemotePlace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENCE", 1)
    monkeypatch.setattr(connection, "WORD", 1000.0)
    with remote_place.start(job(STAYING + "wait")) as process:
        pids = [int(line) for line in lines(process, 3)]
        with pytest.raises(InfrastructureError, match=LOST):
            to_the_end(process)
    assert until(lambda: all(map(gone, pids)))
    assert until(lambda: not list(server.there.iterdir()))


def test_a_host_that_refuses_us_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes((server.folder / "host").read_bytes())
    other.chmod(0o600)
    wrong = replace(server.remote(), options=(f"IdentityFile={other}", *server.options[1:]))
    place = RemotePlace(Link(wrong, threading.Event(), patience=lambda: 60.0))
    with pytest.raises(InfrastructureError, match=r"(?s)Permission denied.*give ssh a key"):
        place.await_ready()
    place.close()


def test_a_host_whose_key_is_another_is_not_believed(server: Server, tmp_path: Path) -> None:
    (tmp_path / "known").write_text(
        (server.folder / "known").read_text().split()[0] + " " + (server.folder / "user.pub").read_text()
    )
    options = (*server.options[:2], f"UserKnownHostsFile={tmp_path / 'known'}")
    place = RemotePlace(Link(replace(server.remote(), options=options), threading.Event(), patience=lambda: 60.0))
    with pytest.raises(InfrastructureError, match="Host key verification failed"):
        place.await_ready()
    place.close()


def test_a_server_that_allows_too_few_sessions_is_told(tmp_path: Path) -> None:
    with served(tmp_path, settings="MaxSessions 1") as narrow:
        place = RemotePlace(Link(narrow.remote(), threading.Event(), patience=lambda: 20.0))
        try:
            with pytest.raises(InfrastructureError, match=r"(?s)ession open refused.*MaxSessions 10"):
                run_job(place, job("true"))
        finally:
            place.close()


def test_a_host_that_greets_each_session_is_told(tmp_path: Path) -> None:
    with served(tmp_path, settings='ForceCommand echo Welcome; eval "$SSH_ORIGINAL_COMMAND"') as polite:
        place = RemotePlace(Link(polite.remote(), threading.Event(), patience=lambda: 60.0))
        with pytest.raises(InfrastructureError, match=r"(?s)at each login: at login: Welcome.*print nothing"):
            place.await_ready()
        place.close()


def test_a_host_that_does_not_answer_is_waited_for_once(tmp_path: Path) -> None:
    with served(tmp_path) as gone_soon:
        remote = gone_soon.remote()
    told: list[str] = []
    place = RemotePlace(Link(remote, threading.Event(), None, told.append, lambda: 1.5))
    for _ in range(3):
        with pytest.raises(InfrastructureError, match=r"elsewhere cannot be reached over SSH: .*refused"):
            place.await_ready()
    assert len(told) == 1
    place.close()


def until_closed(remote_place: RemotePlace, act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        remote_place.close()


def test_its_sockets_are_where_the_run_has_its_temporary_files(server: Server, tmp_path: Path) -> None:
    """What a run that is killed leaves there the next one removes, also where the path is too long for a socket."""
    scratch = tmp_path / ("long" * 30)
    scratch.mkdir()
    place = RemotePlace(Link(server.remote(), threading.Event(), scratch, patience=lambda: 20.0))
    try:
        assert run_job(place, job("echo here"))[1] == b"here\n"
        (folder,) = scratch.iterdir()
        assert [each.is_socket() for each in folder.iterdir()] == [True]
    finally:
        place.close()
    assert list(scratch.iterdir()) == []


def test_a_second_place_on_the_same_host_leaves_the_first_alone(remote_place: RemotePlace, server: Server) -> None:
    with remote_place.start(job("echo here; read -r line", reads=True)) as process:
        assert lines(process, 1) == ["here"]
        other = RemotePlace(Link(server.remote(), threading.Event(), patience=lambda: 20.0))
        until_closed(other, lambda: run_job(other, job("true")))
        process.write(b"go on\n")
        to_the_end(process)
        assert process.wait().status == 0
