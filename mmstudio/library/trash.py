"""Deleted media that the studio owns lies in ``trash/`` until emptied; originals stay untouched."""

from __future__ import annotations

import logging
from pathlib import Path

from mmstudio.library.records import Asset

log = logging.getLogger(__name__)


class TrashCan:
    """Moves owned files between their place and the trash, so that they follow the status of the asset."""

    def __init__(self, library: Path, trash: Path) -> None:
        self._library = library
        self._trash = trash

    def path(self, asset: Asset) -> Path:
        """Where the file of an owned asset lies while it is in the trash."""
        return self._trash / f"{asset.id}{Path(asset.rel_path).suffix}"

    def place(self, asset: Asset) -> Path:
        """Where the file of an owned asset lies otherwise."""
        return self._library / asset.rel_path

    def sync(self, asset: Asset) -> bool:
        """Put the file of an owned asset where its status says; True where something moved.

        A file that is in use stays where it is: :meth:`find` looks in both places and a check moves it later.
        """
        here, there = self.place(asset), self.path(asset)
        if asset.status != "trashed":
            here, there = there, here
        if not here.is_file() or there.exists() or not self._inside(here) or not self._inside(there):
            return False
        try:
            there.parent.mkdir(parents=True, exist_ok=True)
            here.replace(there)
        except OSError as error:
            log.info("%s stays where it is: %s", here, error)
            return False
        return True

    def find(self, asset: Asset) -> Path:
        """Where the file of an owned asset is now; its normal place where it is nowhere."""
        there = self.path(asset)
        return there if asset.status == "trashed" and there.is_file() else self.place(asset)

    def delete(self, asset: Asset) -> bool:
        """Delete the file of a trashed, owned asset for good; False where it could not be."""
        path = self.find(asset)
        if not self._inside(path):
            return True
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.info("%s could not be deleted: %s", path, error)
            return False
        return True

    def _inside(self, path: Path) -> bool:
        # A library made by somebody else may hold paths that climb out of its folder.
        return path.resolve().is_relative_to(self._library.resolve())
