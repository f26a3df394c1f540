"""Stopping between the steps of long work on texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.jobs import JobContext


class Paused(Exception):
    """The job should stop here and be resumed later; what is half done is noticed and done again."""


def between_steps(context: JobContext) -> None:
    """Raise Cancelled or Paused where one of them was asked for."""
    context.raise_if_cancelled()
    if context.pause_requested():
        raise Paused
