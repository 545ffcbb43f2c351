"""Matrices in short."""

from __future__ import annotations

from bootmatrix.matrix.expanding import expansion

Axes = dict[str, list[str]]
Rule = dict[str, list[str]]
Rules = list[Rule]


def values(axes: Axes, exclude: Rules | None = None, include: Rules | None = None) -> list[dict[str, str]]:
    return [dict(cell.values) for cell in expansion.expand(axes, exclude or [], include or [])]
