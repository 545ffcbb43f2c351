"""What the images that ship have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

IMAGES = Path(__file__).parents[2] / "images"
SETTINGS = """RUN printf '%s\\n' \\
      'Acquire::Languages "none";' \\
      'Acquire::Retries "3";' \\
      'APT::Install-Recommends "false";' \\
      > /etc/apt/apt.conf.d/90bootmatrix \\
 && printf '%s\\n' \\
      'force-unsafe-io' \\
"""


@pytest.mark.parametrize("image", sorted(each.parent.name for each in IMAGES.glob("*/Dockerfile")))
def test_apt_tries_again_where_a_mirror_fails_and_brings_nothing_unasked(image: str) -> None:
    """In images on images of ours it is so already."""
    text = (IMAGES / image / "Dockerfile").read_text()
    own_base = "FROM ${BASE}" in text
    assert text.count(SETTINGS) == own_base
    assert text.find(SETTINGS) < text.find("apt-get update -qq")
