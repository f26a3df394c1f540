"""The self-test: proves inside any installation that every part of the program works, in a minute or two."""

from __future__ import annotations

from mmstudio.selftest.outcome import Outcome, Row, overall, unexpected_lines

__all__ = ["Outcome", "Row", "overall", "unexpected_lines"]
