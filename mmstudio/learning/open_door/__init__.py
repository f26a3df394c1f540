"""Families without a library: train and sample on plain arrays; docs/open-door.md shows it."""
