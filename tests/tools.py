"""Install what only tests and linters need, from Debian's packages: a browser, npm, shellcheck, servers.

`python tests/tools.py [PROGRAM...]`: without a name, all of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

TOOLS = {
    "chromium": "chromium",
    "npm": "npm",
    "shellcheck": "shellcheck",
    "sshd": "openssh-server",
    "influxd": "influxdb",
    "prometheus": "prometheus",
    "prometheus-pushgateway": "prometheus-pushgateway",
    "docker-compose": "docker-compose",
    "genhtml": "lcov",
}


def main(programs: list[str]) -> None:
    missing = [TOOLS[program] for program in programs or TOOLS if not shutil.which(program)]
    if not missing:
        return
    root = [] if os.getuid() == 0 else ["sudo"]
    subprocess.run([*root, "apt-get", "update", "-qq"], check=True)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    subprocess.run([*root, *quiet, "apt-get", "install", "-y", "--no-install-recommends", *missing], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
