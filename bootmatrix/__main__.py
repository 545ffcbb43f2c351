"""The program: `bootmatrix`, or `python -m bootmatrix`, where Python looks for modules in a stranger's folder first."""

import contextlib
import gc
import os
import signal
import sys

RARELY = 20_000, 20, 20
"""When garbage is looked for: what is imported is none, and looking through it was a tenth of a command's beginning."""


def main() -> None:
    """Run the command line and exit; until that listens to Ctrl-C itself, it ends at once."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))
    gc.set_threshold(*RARELY)
    from bootmatrix import cli  # noqa: PLC0415  # it takes a while

    cli.main()


if __name__ == "__main__":
    with contextlib.suppress(OSError):  # a working folder that was removed is told later
        if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.getcwd():  # noqa: PTH109
            del sys.path[0]  # this package was found: from here on, nothing else is to come from there
    main()
