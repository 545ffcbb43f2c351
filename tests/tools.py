"""Install what only the tests need, from Debian's packages: a browser, npm, a linter of shell commands."""

from __future__ import annotations

import os
import shutil
import subprocess

TOOLS = {"chromium": "chromium", "npm": "npm", "shellcheck": "shellcheck"}


def main() -> None:
    missing = [package for program, package in TOOLS.items() if not shutil.which(program)]
    if not missing:
        return
    root = [] if os.getuid() == 0 else ["sudo"]
    subprocess.run([*root, "apt-get", "update", "-qq"], check=True)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run([*root, *quiet, "apt-get", "install", "-y", "--no-install-recommends", *missing], check=True)


if __name__ == "__main__":
    main()
