"""`python -IS warmly.py ADDRESS ARGUMENT...`: the program on this process's streams, run by a server of warm.py.

For shells that start the program many times. It is no child of theirs, and sees none of the signals sent here.
"""

import json
import os
import socket
import sys


def main(address: str, *args: str) -> int:
    here = os.getcwd()  # noqa: PTH109  # pathlib would take longer than all else here
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect("\0" + address)
        socket.send_fds(channel, [json.dumps([args, here, dict(os.environ)]).encode()], [0, 1, 2])
        with channel.makefile() as lines:
            _, status = lines
    return int(status) if int(status) >= 0 else 128 - int(status)  # as shells tell of a signal


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
