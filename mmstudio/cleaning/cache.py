"""What was computed of files, kept by content hash below ``index/``: a cache that may be deleted."""

from __future__ import annotations

import logging
import zipfile
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mmstudio.atomic import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmstudio.library import Library

log = logging.getLogger(__name__)


class Cache:
    """Bytes by key. One file per name and version; entries nobody asked for are dropped when it is saved.

    A read-only library is read from its cache but never written to.
    """

    def __init__(self, library: Library, name: str, version: str) -> None:
        self._path = library.index_dir / f"doctor-{name}.npz"
        self._version = version
        self._writable = not library.read_only
        self._changed = False
        self.rows: dict[str, bytes] = {}
        self._load()

    def put(self, key: str, value: bytes) -> None:
        """Keep a value; empty bytes say that there is nothing to be had of this content."""
        self.rows[key] = value
        self._changed = True

    def save(self, wanted: Iterable[str]) -> None:
        """Write the entries of ``wanted`` keys, if anything changed. A full disk costs only the cache."""
        if not self._changed or not self._writable:
            return
        kept = [key for key in dict.fromkeys(wanted) if key in self.rows]
        arrays = {
            "version": np.array(self._version),
            "keys": np.array(kept, dtype=np.str_),
            "lengths": np.array([len(self.rows[key]) for key in kept], np.int64),
            "data": np.frombuffer(b"".join(self.rows[key] for key in kept), np.uint8),
        }
        try:
            with atomic_path(self._path) as temporary, temporary.open("wb") as file:
                cast("Any", np.savez)(file, **arrays)
        except OSError as error:
            log.warning("the doctor's cache was not saved: %s", error)
            return
        self._changed = False

    def _load(self) -> None:
        try:
            with np.load(self._path, allow_pickle=False) as arrays:
                if str(arrays["version"]) != self._version:
                    return
                data = arrays["data"].tobytes()
                ends = np.cumsum(arrays["lengths"]).tolist()
                keys = arrays["keys"].tolist()
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            if not isinstance(error, FileNotFoundError):
                log.info("the doctor's cache is not readable and is made anew: %s", error)
            return
        start = 0
        for key, end in zip(keys, ends, strict=True):
            self.rows[key] = data[start:end]
            start = end
