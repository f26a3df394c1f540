"""A ranker that learns from many members; used where it beats the simple methods on held-out events."""

from __future__ import annotations
