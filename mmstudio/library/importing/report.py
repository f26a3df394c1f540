"""What an import or a rescan did, as plain numbers and lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmstudio.media.deidentify import Deidentified

_LISTED = 500  # entries kept of each list; the counts go on


@dataclass(slots=True)
class ImportReport:
    """Counts of one import or rescan.

    Attributes:
        added, updated, moved, unchanged, missing: files. ``missing`` are gone from where they were.
        corrupt: of the added and updated, those that cannot be decoded; their assets say why.
        items, reviews, links, interactions: rows that were new or changed.
        failed: (path, reason) of files and folders; the first 500.
        interactions_again: interactions that were there before; their weight is now the later one.
        row_errors: (file, line, reason) of table rows that were left out; the first 500.
        row_kinds: what was wrong ("unknown_item", "negative" …) → how many rows, all counted.
        row_notes: (file, line, what a person should know) of rows that came in all the same; the first 500.
        missing_images: names that a catalogue gives and no imported file has; the first 500.
        deidentified: DICOM files taken in without the person they are of; ``removed_attributes``,
            ``emptied_attributes`` and ``replaced_attributes`` name what was done to them over all of them,
            ``private_attributes`` counts what makers of devices had added.
        file_notes: (path, what a person should look at) of files that came in all the same; the first 500.
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
    interactions_again: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    failed_count: int = 0
    row_errors: list[tuple[str, int, str]] = field(default_factory=list)
    row_error_count: int = 0
    row_kinds: dict[str, int] = field(default_factory=dict)
    row_notes: list[tuple[str, int, str]] = field(default_factory=list)
    row_note_count: int = 0
    missing_images: list[str] = field(default_factory=list)
    missing_image_count: int = 0
    deidentified: int = 0
    removed_attributes: list[str] = field(default_factory=list)
    emptied_attributes: list[str] = field(default_factory=list)
    replaced_attributes: list[str] = field(default_factory=list)
    private_attributes: int = 0
    file_notes: list[tuple[str, str]] = field(default_factory=list)
    file_note_count: int = 0

    def note_removed(self, done: Deidentified) -> None:
        """Add what was taken out of one DICOM file."""
        for names, new in (
            (self.removed_attributes, done.removed),
            (self.emptied_attributes, done.blanked),
            (self.replaced_attributes, done.replaced),
        ):
            names.extend(name for name in new if name not in names)
        self.private_attributes += done.private

    def note_file(self, path: str, said: str) -> None:
        """Note something about a file that came in all the same."""
        self.file_note_count += 1
        if len(self.file_notes) < _LISTED:
            self.file_notes.append((path, said))

    def fail(self, path: str, reason: str) -> None:
        """Note a file or folder that could not be used."""
        self.failed_count += 1
        if len(self.failed) < _LISTED:
            self.failed.append((path, reason))

    def bad_row(self, file: str, line: int, reason: str, kind: str = "other") -> None:
        """Note a table row that could not be used; ``kind`` is what it is counted under."""
        self.row_error_count += 1
        self.row_kinds[kind] = self.row_kinds.get(kind, 0) + 1
        if len(self.row_errors) < _LISTED:
            self.row_errors.append((file, line, reason))

    def note_row(self, file: str, line: int, said: str, kind: str) -> None:
        """Note something about a row (or, at line 1, the table) that came in all the same."""
        self.row_note_count += 1
        self.row_kinds[kind] = self.row_kinds.get(kind, 0) + 1
        if len(self.row_notes) < _LISTED:
            self.row_notes.append((file, line, said))

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
