"""`python -m bootmatrix`: Python then looks for modules in the working folder first, which may be a stranger's."""

import sys
from pathlib import Path

if not sys.flags.safe_path and sys.path and Path(sys.path[0]).resolve() == Path.cwd():
    del sys.path[0]  # this package was found: from here on, nothing else is to come from there

from bootmatrix.cli import main

main()
