"""`python -m bootmatrix`: Python then looks for modules in the working folder first, which may be a stranger's."""

import contextlib
import os
import sys

with contextlib.suppress(OSError):  # a working folder that was removed is told later
    if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.getcwd():  # noqa: PTH109
        del sys.path[0]  # this package was found: from here on, nothing else is to come from there

from bootmatrix.cli import main

main()
