"""The person's networks: what is here, what can be fetched, and how it comes and goes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import filelock

from mmstudio import paths
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.i18n import tr, tr_error
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.learning.catalogue import folders
from mmstudio.learning.catalogue.entries import Entry, load_catalogue
from mmstudio.learning.catalogue.fetch import fetch, forget, room
from mmstudio.learning.catalogue.folders import CONFIG, HIDDEN, RECORD, Found

_TRASH = ".trash"
_TRASH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the catalogue.

    Attributes:
        state: "installed", "damaged", "available", or "partial" (some of it was fetched).
        origin: "yours" (imported or fine-tuned), "catalogue" or "starter".
        size: bytes on disk, or to fetch.
        fetched: bytes that are here of a model that is not installed.
        problem: why it is damaged, in the person's language.
        host: where it would be fetched from.
    """

    name: str
    title: str
    purpose: str
    kind: str
    architecture: str
    dimension: int
    licence: str
    size: int
    state: str
    origin: str
    source: str = ""
    note: str = ""
    fetched: int = 0
    problem: str = ""
    path: str = ""
    host: str = ""


class Catalogue:
    """Networks in the user's model folder.

    Args:
        root: where they are installed; the user's model folder by default.
        file: the catalogue; the one that ships by default.
    """

    def __init__(self, root: Path | None = None, file: Path | None = None) -> None:
        self.root = root if root is not None else paths.user_models_dir()
        self._file = file

    # -- what there is -----------------------------------------------------------------------------------

    def entries(self) -> dict[str, Entry]:
        """What can be fetched, by name. Raises StudioError, see :func:`load_catalogue`."""
        return load_catalogue(self._file)

    def rows(self) -> list[Row]:
        """What is installed, then the starters, then what can be fetched; reads files, loads no network."""
        entries = self.entries()
        rows = [
            self._row(folder, "catalogue" if folder.name in entries else "yours", entries.get(folder.name))
            for folder in self._folders(self.root)
        ]
        taken = {row.name for row in rows}
        rows += [
            self._row(folder, "starter", None)
            for folder in self._folders(paths.starter_models())
            if folder.name not in taken
        ]
        for entry in entries.values():
            if entry.name not in taken:
                fetched = sum(_size(self._part(entry, i)) for i in range(len(entry.files)))
                rows.append(_available(entry, fetched))
        return rows

    def has(self, name: str) -> bool:
        """True for an installed network or a starter of that name."""
        return name in {
            folder.name for folder in (*self._folders(self.root), *self._folders(paths.starter_models()))
        }

    def folder(self, name: str) -> Path:
        """The folder of an installed network or a starter. Raises NotFound."""
        for root in (self.root, paths.starter_models()):
            for folder in self._folders(root):
                if folder.name == name:
                    return folder
        raise NotFound(
            "There is no model “{name}”.",
            hint="“mmstudio models LIB list” shows what there is.",
            name=name,
        )

    def check(self, name: str) -> Found:
        """Look closely at one; see :func:`folders.check`. Raises NotFound, StudioError."""
        return folders.check(self.folder(name))

    # -- coming and going --------------------------------------------------------------------------------

    def add(self, path: Path, *, name: str = "", architecture: str = "", licence: str = "") -> Found:
        """Import from a folder or file; see :func:`folders.bring_in`."""
        return folders.bring_in(self.root, path, name=name, architecture=architecture, licence=licence)

    def is_for_trainings(self, folder: Path) -> bool:
        """True for the folder of a model that draws or plays, which :meth:`Trainings.add` takes."""
        return folders.draws(folder)

    def remove(self, name: str) -> None:
        """Put an installed network into a trash of its own; :meth:`restore` brings it back for 30 days.

        What was fetched of one that is not installed is deleted.

        Raises:
            NotFound: no such model. StudioError: a starter.
        """
        folder = self.root / name
        if folder in self._folders(self.root):
            trash = self.root / HIDDEN / _TRASH
            self._sweep(trash)
            shutil.rmtree(trash / name, ignore_errors=True)
            trash.mkdir(parents=True, exist_ok=True)
            folder.rename(trash / name)
            return
        if name in {starter.name for starter in self._folders(paths.starter_models())}:
            raise StudioError(
                "Starter models come with the program and stay.",
                hint="Only models that you trained or added can be removed.",
            )
        entry = self.entries().get(name)
        parts = [self._part(entry, i) for i in range(len(entry.files))] if entry is not None else []
        if not any(_size(part) for part in parts):
            self.folder(name)  # raises NotFound
        for part in parts:
            forget(part)

    def restore(self, name: str) -> None:
        """Bring back a network that was removed.

        Raises:
            NotFound: it is not in the trash. StudioError: another of that name is there now.
        """
        kept = self.root / HIDDEN / _TRASH / name
        if Path(name).name != name or not kept.is_dir():
            raise NotFound("“{name}” is not in the trash of models.", name=name)
        if (self.root / name).exists():
            raise StudioError(
                "There is already a model “{name}”.", hint="Remove or rename it first.", name=name
            )
        kept.rename(self.root / name)

    def download_work(self, name: str) -> Work:
        """A job that fetches and installs one model; what was fetched earlier is gone on from.

        It yields Progress in bytes, with ``data={"per_second"}``, and returns {"name", "path", "bytes"}.
        A stop keeps what has arrived.

        Raises (inside the job):
            NotFound: not in the catalogue. StudioError: installed already, being fetched by someone else,
            refused, unreachable, not what the catalogue names. DiskFull.
        """

        def work(context: JobContext) -> Generator[Progress, None, dict[str, Any] | None]:
            entry = self.entries().get(name)
            if entry is None:
                raise NotFound(
                    "The catalogue has no model “{name}”.",
                    hint="“mmstudio models LIB list” shows what there is.",
                    name=name,
                )
            if (self.root / name).exists():
                raise UsageError(
                    "There is already a model “{name}”.", hint="Remove or rename it first.", name=name
                )
            inbox = self.root / HIDDEN / "download"
            inbox.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(inbox / f"{name}.lock", thread_local=False)
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout as error:
                raise StudioError(
                    "“{name}” is being downloaded already.",
                    hint="Wait until that is done; the Jobs pane shows it.",
                    name=name,
                ) from error
            try:
                return (yield from self._download(entry, context))
            finally:
                lock.release()

        return work

    def _download(
        self, entry: Entry, context: JobContext
    ) -> Generator[Progress, None, dict[str, Any] | None]:
        total, before = entry.size, 0
        # What is fetched, and once more what is installed from it.
        room(self.root, 2 * total - sum(_size(self._part(entry, i)) for i in range(len(entry.files))))
        for index, file in enumerate(entry.files):
            part = yield from fetch(file, self._part(entry, index), context, before=before, total=total)
            if part is None:
                return None  # paused
            before += part.stat().st_size
        yield Progress(before, before, tr("Installing"), {"model": entry.name, "per_second": 0.0})
        context.raise_if_cancelled()
        with folders.staged(self.root, entry.name) as folder:
            self._install(entry, folder)
        for index in range(len(entry.files)):
            forget(self._part(entry, index))
        return {"name": entry.name, "path": str(self.root / entry.name), "bytes": before}

    def _install(self, entry: Entry, folder: Path) -> None:
        first = self._part(entry, 0)
        if entry.kind == "image-backbone" and len(entry.files) == 1:
            # By its own name, since its suffix says what it is.
            named = folder.parent / Path(entry.files[0].path).name
            shutil.copyfile(first, named)
            folders.take_torchvision(
                folder,
                named,
                entry.architecture,
                entry.title,
                entry.licence,
                {**entry.config, "source": entry.source},
            )
        else:
            for index, file in enumerate(entry.files):
                target = folder / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._part(entry, index), target)
            if entry.config and not (folder / CONFIG).is_file():
                (folder / CONFIG).write_text(json.dumps(entry.config, indent=2) + "\n", encoding="utf-8")
        (folder / "card.md").write_text(_card(entry), encoding="utf-8")
        folders.check(folder)
        folders.write_record(folder, {"from": [file.url for file in entry.files], "source": entry.source})

    # -- inside ------------------------------------------------------------------------------------------

    def _part(self, entry: Entry, index: int) -> Path:
        return self.root / HIDDEN / "download" / f"{entry.name}-{index}.part"

    def _folders(self, root: Path) -> list[Path]:
        """Folders of feature networks; models that draw and play are the trainings' business."""
        if not root.is_dir():
            return []
        return [
            folder
            for folder in sorted(root.iterdir())
            if folder.is_dir() and not folder.name.startswith(".") and _is_network(folder)
        ]

    def _row(self, folder: Path, origin: str, entry: Entry | None) -> Row:
        state, problem = "installed", ""
        try:
            found = folders.look(folder)
        except StudioError as error:
            state, problem = "damaged", tr_error(error)[0]
            found = Found(folder.name, "", "", folder.name, "", 0, 0, folder)
        row = Row(
            folder.name, tr(found.label), "", found.kind, found.architecture, found.dimension, found.licence,
            found.size, state, origin, problem=problem, path=str(folder),
        )  # fmt: skip
        if entry is None:
            return row
        return replace(
            row, title=entry.title, purpose=entry.purpose, kind=entry.kind, architecture=entry.architecture,
            dimension=entry.dimension, licence=entry.licence, source=entry.source, note=entry.note,
        )  # fmt: skip

    def _sweep(self, trash: Path) -> None:
        for old in trash.iterdir() if trash.is_dir() else ():
            if time.time() - old.stat().st_ctime > _TRASH_DAYS * 86_400:
                shutil.rmtree(old, ignore_errors=True)


def _available(entry: Entry, fetched: int) -> Row:
    return Row(
        entry.name, entry.title, entry.purpose, entry.kind, entry.architecture, entry.dimension,
        entry.licence, entry.size, "partial" if fetched else "available", "catalogue", entry.source,
        entry.note, fetched, host=urlsplit(entry.files[0].url).hostname or "",
    )  # fmt: skip


def _is_network(folder: Path) -> bool:
    """False for folders that the trainings own, and for those that hold no model at all."""
    return not folders.draws(folder) and ((folder / CONFIG).is_file() or (folder / RECORD).is_file())


def _card(entry: Entry) -> str:
    lines = [f"# {entry.title}", "", entry.purposes["en"], ""]
    lines += [f"- Licence: {entry.licence}", f"- Source: {entry.source}"]
    lines += [f"- SHA-256 stated there: {file.sha256}… ({file.path})" for file in entry.files]
    return "\n".join([*lines, "", entry.note, ""])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
