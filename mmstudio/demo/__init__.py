"""The sample library and the walk through every room."""

from __future__ import annotations
