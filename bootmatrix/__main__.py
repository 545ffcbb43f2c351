"""The program: `bootmatrix`, or `python -m bootmatrix`, where Python looks for modules in a stranger's folder first."""

import _signal  # type: ignore[import-not-found]  # what `signal` is made of: that takes a while
import gc
import os
import sys

if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:  # first of all; until the command line listens itself
    _signal.signal(_signal.SIGINT, lambda _number, _frame: os._exit(130))

RARELY = 20_000, 20, 20
"""When garbage is looked for: what is imported is none, and looking through it was a tenth of a command's beginning."""


def main() -> None:
    """Run the command line and exit."""
    gc.set_threshold(*RARELY)
    from bootmatrix import cli  # noqa: PLC0415  # it takes a while

    cli.main()


def _leave_out_this_folder() -> None:
    """The package was found: from here on, nothing else is to come from the working folder."""
    try:
        if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.getcwd():  # noqa: PTH109
            del sys.path[0]
    except OSError:  # a working folder that was removed is told later
        pass


if __name__ == "__main__":
    _leave_out_this_folder()
    main()
