"""DICOM files come in without the person they are of: a copy in the library, never the file itself."""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.errors import DiskFull, NotFound, StudioError
from mmstudio.i18n import tr
from mmstudio.library.importing.examine import Examined, examine, temporary_folder
from mmstudio.media.probe import MediaInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmstudio.library.importing.scan import FoundFile
    from mmstudio.library.library import Library
    from mmstudio.library.records import Asset

MEDICAL = "dicom"  # tag of every medical picture
_SEEN = "dicom_seen"  # key of the meta table


def examine_dicom(library: Library, found: FoundFile, stop: threading.Event) -> tuple[Examined, Path | None]:
    """De-identify one file and look at the copy.

    Returns:
        What was found, and the copy in the library's temporary folder, to be moved to ``kept``; a file that
        cannot be read comes back ``refused`` with a sentence, so that nothing points at a person's file.

    Raises:
        Cancelled: ``stop`` was set. OSError: the file is gone, or there is no room.
    """
    from mmstudio.media.deidentify import deidentify
    from mmstudio.media.dicom import dicom_info

    Path(found.path).stat()
    scratch = temporary_folder(library)
    scratch.mkdir(parents=True, exist_ok=True)
    copy = scratch / f"{uuid.uuid4().hex}.dcm"
    try:
        report = deidentify(found.path, copy, uid_maker(library))
        info = dicom_info(copy)
        result = examine(library, str(copy), "image", stop)
    except DiskFull:
        copy.unlink(missing_ok=True)
        raise
    except StudioError as error:  # no DICOM, no picture, or the key of this library is elsewhere
        copy.unlink(missing_ok=True)
        return _refused(found, tr(error.template, **error.values)), None
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    if result.status != "ok":
        copy.unlink(missing_ok=True)
        return _refused(found, result.note.replace(copy.name, Path(found.path).name)), None
    kept = f"originals/{result.sha256[:2]}/{result.sha256}.dcm"
    tags = tuple(tag for tag in (MEDICAL, info.modality.lower()) if tag)
    return replace(result, path=found.path, title=info.title, kept=kept, tags=tags, removed=report), copy


def kept_copy(library: Library, path: Path) -> Asset:
    """The asset that a DICOM file came in as.

    Raises MediaError where it is no DICOM picture, NotFound where it was not imported.
    """
    from mmstudio.library.importing.examine import hash_file
    from mmstudio.media.deidentify import deidentify

    scratch = temporary_folder(library)
    scratch.mkdir(parents=True, exist_ok=True)
    copy = scratch / f"{uuid.uuid4().hex}.dcm"
    try:
        deidentify(path, copy, uid_maker(library))
        found = library.assets.by_sha256(hash_file(str(copy)))
    finally:
        copy.unlink(missing_ok=True)
    if not found:
        raise NotFound("{name} is not in the library.", hint="Import it first.", name=path.name)
    return found[0]


def uid_maker(library: Library) -> Callable[[str], str]:
    """Another UID for each UID: the same in this library always, not to be traced back without its key."""
    from pydicom.uid import generate_uid

    known: dict[str, str] = {}

    def made(uid: str) -> str:
        if uid not in known:
            # The words around it keep the number out of what the key book notes about ids that count up.
            known[uid] = generate_uid(entropy_srcs=[library.pseudonyms.of(f"dicom {uid} uid")])
        return known[uid]

    return made


class DicomMemory:
    """Which DICOM files were looked at, so that a rescan need not read them again.

    Kept are keyed hashes of place, size and time: a path may name a person.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: set[str] | None = None
        self._new: set[str] = set()

    def knows(self, found: FoundFile) -> bool:
        """Whether a file was looked at as it is now; False where the library's key is not here."""
        try:
            return self._mark(found) in self._seen()
        except StudioError:
            return False

    def note(self, found: FoundFile) -> None:
        """Remember a file; :meth:`save` keeps it."""
        with suppress(StudioError):
            self._new.add(self._mark(found))

    def save(self) -> None:
        """Write what is new."""
        if not self._new - self._seen():
            return
        self._known = self._seen() | self._new
        with self._library.db.write() as tx:
            tx.execute(
                "INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)",
                (_SEEN, json.dumps(sorted(self._known))),
            )

    def _seen(self) -> set[str]:
        if self._known is None:
            row = self._library.db.read().execute("SELECT value FROM meta WHERE key = ?", (_SEEN,)).fetchone()
            self._known = set(json.loads(row[0])) if row is not None else set()
        return self._known

    def _mark(self, found: FoundFile) -> str:
        return self._library.pseudonyms.of(f"dicom {found.path} {found.size} {found.mtime_ns} place")


def _refused(found: FoundFile, note: str) -> Examined:
    return Examined(
        found.path, "image", "", found.size, found.mtime_ns, MediaInfo("image"), None, "", "", None,
        "corrupt", note, False, refused=True,
    )  # fmt: skip
