"""The last net: whatever a command raises becomes a message and an exit status; never 1: then a test has failed."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import click

from bootmatrix.errors import BootmatrixError, InfrastructureError, Problem, UserError
from bootmatrix.program import streams

if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130


def status(call: Callable[[], object], interrupted: Callable[[], bool] = lambda: False) -> int:
    """What the program exits with after `call`, which gives its own status, or nothing. Once it is `interrupted`,
    what is raised is that: libraries make errors of their own of a KeyboardInterrupt.
    """
    lost: list[BootmatrixError] = []

    def died(args: threading.ExceptHookArgs) -> None:
        lost.append(_told(args.exc_value or RuntimeError("a thread ended")))

    before, threading.excepthook = threading.excepthook, died
    try:
        code = _called(call, interrupted)
        for error in lost:  # the work of such a thread was not done
            _show(error)
            code = code or error.exit_code
        if trouble := streams.trouble():
            _show(_unprinted(trouble))
            code = code or InfrastructureError.exit_code
    except KeyboardInterrupt:  # a second one, while the first was told
        return INTERRUPTED
    finally:
        threading.excepthook = before
    return code


def _called(call: Callable[[], object], interrupted: Callable[[], bool]) -> int:
    try:
        _look_around()
        code = call()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return UserError.exit_code
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0 if error.code is None else UserError.exit_code
    except BaseException as error:  # noqa: BLE001  # whatever it is
        if interrupted():
            return INTERRUPTED
        said = _told(error)
        _show(said)
        return said.exit_code
    return code if isinstance(code, int) else 0


def _look_around() -> None:
    try:
        os.getcwd()  # noqa: PTH109  # nothing but whether there is one
    except OSError:
        what = "the working folder does not exist any more"
        raise UserError(Problem(what, remedy="change to another one with cd")) from None


def _told(error: BaseException) -> BootmatrixError:
    from bootmatrix.program import unexpected  # noqa: PLC0415  # hardly ever

    return unexpected.told(error)


def _unprinted(error: OSError) -> InfrastructureError:
    what = f"standard output cannot be written: {error.strerror}"
    return InfrastructureError(Problem(what, remedy="write it to a disk with free space; the work itself is done"))


def _show(error: BootmatrixError) -> None:
    for problem in error.problems:
        click.echo(click.style("error: ", fg="red", bold=True) + str(problem), err=True)
    if len(error.problems) > 1:
        click.echo(f"{len(error.problems)} errors", err=True)
