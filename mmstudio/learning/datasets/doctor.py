"""A look at what a training would learn from, before it: too few, copies, too small, rights, shapes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from mmstudio.jobs import Progress
from mmstudio.learning.datasets.report import DatasetReport, Finding, Preview

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Library

__all__ = ["DatasetReport", "Finding", "Preview", "check", "preview_pictures"]


def check(
    library: Library, config: ModelConfig, device: str = "cpu"
) -> Generator[Progress, None, DatasetReport]:
    """Look over what ``config`` would be trained on (family, size, query, fit, aspect, leave_out)."""
    raise NotImplementedError
    yield


def preview_pictures(library: Library, config: ModelConfig, n: int = 12) -> list[Preview]:
    """The first ``n`` readable pictures as the network will see them."""
    raise NotImplementedError
