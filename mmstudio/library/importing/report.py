"""What an import or a rescan did, as plain numbers and lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_LISTED = 500  # entries kept of each list; the counts go on


@dataclass(slots=True)
class ImportReport:
    """Counts of one import or rescan.

    Attributes:
        added, updated, moved, unchanged, missing: files. ``missing`` are gone from where they were.
        corrupt: of the added and updated, those that cannot be decoded; their assets say why.
        items, reviews, links, interactions: rows that were new or changed.
        failed: (path, reason) of files and folders; the first 500.
        row_errors: (file, line, reason) of table rows; the first 500.
        missing_images: names that a catalogue gives and no imported file has; the first 500.
    """

    added: int = 0
    updated: int = 0
    moved: int = 0
    unchanged: int = 0
    missing: int = 0
    corrupt: int = 0
    items: int = 0
    items_unchanged: int = 0
    reviews: int = 0
    links: int = 0
    interactions: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    failed_count: int = 0
    row_errors: list[tuple[str, int, str]] = field(default_factory=list)
    row_error_count: int = 0
    missing_images: list[str] = field(default_factory=list)
    missing_image_count: int = 0

    def fail(self, path: str, reason: str) -> None:
        """Note a file or folder that could not be used."""
        self.failed_count += 1
        if len(self.failed) < _LISTED:
            self.failed.append((path, reason))

    def bad_row(self, file: str, line: int, reason: str) -> None:
        """Note a table row that could not be used."""
        self.row_error_count += 1
        if len(self.row_errors) < _LISTED:
            self.row_errors.append((file, line, reason))

    def no_image(self, name: str) -> None:
        """Note a picture that a catalogue names and nobody has."""
        self.missing_image_count += 1
        if len(self.missing_images) < _LISTED:
            self.missing_images.append(name)

    def to_dict(self) -> dict[str, Any]:
        """A JSON value: the result of the job."""
        return {
            name: [list(entry) if isinstance(entry, tuple) else entry for entry in value]
            if isinstance(value, list)
            else value
            for name in self.__slots__
            for value in [getattr(self, name)]
        }
