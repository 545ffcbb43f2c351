"""Paths relative to the working folder, for messages."""

from __future__ import annotations

import os


def near(path: str | os.PathLike[str]) -> str:
    """The path relative to this folder if it lies in it, else the whole path."""
    try:
        place = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118
    except OSError:  # this folder is gone
        return os.fspath(path)
    whole = os.path.abspath(path)  # noqa: PTH100  # links stay: `latest` is one
    return whole.removeprefix(place) if whole != place else whole
