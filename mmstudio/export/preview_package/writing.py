"""Writes a preview package: small films or pictures of storyboards beside one page."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard
from mmstudio.errors import UsageError
from mmstudio.export import compliance, copy_gate
from mmstudio.export.channels import Channel
from mmstudio.export.options import ExportOptions
from mmstudio.export.preview_package.page import Shown, preview_page
from mmstudio.export.provenance import finish, labelled, record_of, storyboard_hash
from mmstudio.export.provenance.record import SOFTWARE
from mmstudio.export.video import write_film
from mmstudio.export.writer import OutputFolder, slug
from mmstudio.export.writers import Task
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.media.metadata import COMPOSITE, TRAINED

if TYPE_CHECKING:
    from mmstudio.composition.render import Renderer
    from mmstudio.library import Library

MOST = 8  # storyboards in a package
CHANNEL = "preview-package"  # what the list of finished files calls it
_SHORT, _LONG = 720, 1280  # pixels of a film
_STAMP = (2000, 1, 1, 0, 0, 0)  # every entry of the ZIP: the same package is the same bytes


def write_package(
    library: Library,
    ids: list[int],
    out: Path,
    context: JobContext,
    zipped: bool,
    watermark: bool,
    video: bool,
    note: str,
) -> Generator[Progress, None, dict[str, Any]]:
    """See :func:`mmstudio.export.package.package_work`."""
    started = time.monotonic()
    boards = _boards(library, ids)
    passed = [_may_leave(library, board) for board in boards]
    package = package_id(library, boards)
    name = f"preview-{slug(boards[0].name, 32)}-{package}"
    total = sum(_steps(board, video) for board in boards) + 1
    done = 0
    shown: list[Shown] = []
    target = OutputFolder(out)
    with ExitStack() as stack:
        if zipped:
            temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="mmstudio-preview-"))
            folder = OutputFolder(Path(temporary) / name)
        else:
            was_there = (target.folder / name).exists()
            folder = OutputFolder(target.folder / name)
            if not was_there:
                stack.push(lambda kind, *_rest: _clear(folder.folder) if kind is not None else None)
        for place, board in enumerate(boards, 1):
            yield Progress(done, total, tr("Drawing {name}", name=board.name))
            steps = _board_files(library, board, folder, place, watermark, video)
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    shown.append(end.value)
                    break
                context.raise_if_cancelled()
                yield Progress(done + step, total, tr("Drawing {name}", name=board.name))
            done += _steps(board, video)
        page = preview_page(shown, package, library_key(library), note, watermark)
        record = _record(boards)
        with folder.file("index.html") as path:
            path.write_text(page, "utf-8")
            finish(path, record, boards[0])
        folder.write_manifest(
            "manifest.json", **record, package=package,
            storyboards=[
                {"name": board.name, "storyboard": storyboard_hash(board),
                 "compliance": [check.for_others() for check in checks]}
                for board, (checks, _notes) in zip(boards, passed, strict=True)
            ],
        )  # fmt: skip
        yield Progress(done, total, tr("Packing"))
        if zipped:
            with target.file(f"{name}.zip", kind="package") as path:
                _zip(folder.folder, name, path)
            result = target.folder / f"{name}.zip"
            files = target.files
            _list(library, boards[0], files[-1], time.monotonic() - started)
        else:
            result, files = folder.folder, folder.files
    yield Progress(total, total)
    notes = list(dict.fromkeys(note for _checks, said in passed for note in said))
    return {"package": package, "path": str(result), "files": files, "notes": notes}


def _may_leave(library: Library, board: Storyboard) -> tuple[list[compliance.Check], list[str]]:
    """The checks of the compliance page, and sentences for the person.

    A preview goes to somebody outside: media that may not leave, and a model's part that is not disclosed,
    are refused as in an export. Texts that facts do not support are what a preview is there to talk about:
    they are only said (docs/adr/0226).

    Raises StudioError: a check is red and nobody answers for it.
    """
    checks = compliance.pass_or_refuse(library, board)
    notes = [check.message for check in checks if check.state == "amber"]
    if held := copy_gate.look(library, board).held:
        texts = ", ".join(f"“{span.text}”" for one in held for span in one.spans)
        notes.append(tr("The client sees texts that facts do not support yet: {texts}.", texts=texts[:200]))
    return checks, notes


def _record(boards: list[Storyboard]) -> dict[str, Any]:
    """What the page says of its origin: a mixture where one of its storyboards is."""
    records = [record_of(board) for board in boards]
    kinds = {str(record.get("digital_source_type", "")) for record in records}
    kind = TRAINED if kinds == {TRAINED} else COMPOSITE if kinds - {""} else ""
    said = {"digital_source_type": kind} if kind else {}
    return {"title": records[0]["title"], "software": SOFTWARE, **said}


def _list(library: Library, first: Storyboard, file: dict[str, Any], seconds: float) -> None:
    """Put a ZIP among the library's finished files, once; from there it can be dragged to a mail."""
    known = {(row.path, row.sha256) for row in library.exports.list()}
    if not library.read_only and (file["path"], file["sha256"]) not in known:
        library.exports.add(
            first.id, CHANNEL, file["path"], file["sha256"], file["bytes"], round(seconds, 3), "zip"
        )


def package_id(library: Library, boards: list[Storyboard]) -> str:
    """Twelve hex digits from the library and the content of the storyboards: the same again for the same."""
    plain = json.dumps([library_key(library), *({"id": b.id, **b.content()} for b in boards)], sort_keys=True)
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()[:12]


def library_key(library: Library) -> str:
    """Tells one library from another without giving its id away."""
    return hashlib.sha256(f"preview package {library.id}".encode()).hexdigest()[:16]


def _boards(library: Library, ids: list[int]) -> list[Storyboard]:
    unique = list(dict.fromkeys(ids))
    if not unique:
        raise UsageError("A preview package needs a storyboard.", hint="Name one or several by number.")
    if len(unique) > MOST:
        raise UsageError("A preview package holds {most} storyboards at most.", most=MOST)
    rows = [library.storyboards.get(id_) for id_ in unique]
    return [Storyboard.from_dict(row.data, row.id) for row in rows]


def _moving(board: Storyboard, video: bool) -> bool:
    return video and not board.pages


def _steps(board: Storyboard, video: bool) -> int:
    return max(round(board.duration * board.fps), 1) if _moving(board, video) else len(board.scenes) + 1


def _small(board: Storyboard) -> Storyboard:
    """A copy with fewer pixels in the same shape; places and sizes of a storyboard are fractions."""
    copy = Storyboard.from_dict(board.to_dict(), board.id)
    short, long_ = sorted(board.size)
    scale = min(1.0, _SHORT / short, _LONG / long_)
    copy.size = tuple(max(round(side * scale / 2) * 2, 2) for side in board.size)  # type: ignore[assignment]
    return copy


def _board_files(
    library: Library, board: Storyboard, folder: OutputFolder, place: int, watermark: bool, video: bool
) -> Generator[int, None, Shown]:
    from mmstudio.composition.render import Renderer

    small = labelled(_small(board))
    record = record_of(board)
    if watermark:
        small.marks = [*small.marks, tr("PREVIEW")]
    renderer = Renderer(small, library)
    base = f"media/{place}-{slug(board.name, 32)}"
    (folder.folder / "media").mkdir(parents=True, exist_ok=True)
    film, stills = "", []
    if _moving(board, video):
        poster = f"{base}.jpg"
        _still(renderer, small.card_time, folder, poster, record)
        film = f"{base}.mp4"
        with folder.file(film, kind="mp4") as path:
            facts = yield from _film(renderer, library, path)
            finish(path, record, small)
        folder.files[-1].update(facts)
        stills.append((poster, small.card_time))
    else:
        times = [max(scene.end - 1 / small.fps, scene.start) for scene in small.scenes] or [0.0]
        for number, t in enumerate(times, 1):
            still = f"{base}-{number}.jpg"
            _still(renderer, t, folder, still, record)
            stills.append((still, t))
            yield number
    return Shown.of(library, board, film, stills)


def _still(renderer: Renderer, t: float, folder: OutputFolder, name: str, record: dict[str, Any]) -> None:
    from PIL import Image

    from mmstudio.composition.render import frame_array

    with folder.file(name, kind="jpg") as path:
        Image.fromarray(frame_array(renderer.frame(t))).save(path, quality=88)
        finish(path, record, renderer.storyboard)


def _film(renderer: Renderer, library: Library, path: Path) -> Generator[int, None, dict[str, Any]]:
    """The film as an export writes it: the same pictures, the same sound held under the same peak.

    Returns what the manifest says of it.
    """
    channel = Channel(CHANNEL, CHANNEL, "mp4")
    task = Task(renderer.storyboard, channel, library, path, ExportOptions(), lambda: renderer)
    reached = 0
    for step in write_film(task):
        reached = max(reached, step)  # a second try does not move the bar back
        yield reached
    return task.facts


def _clear(folder: Path) -> None:
    """A package that did not get whole leaves nothing."""
    shutil.rmtree(folder, ignore_errors=True)


def _zip(folder: Path, name: str, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"{name}/{file.relative_to(folder).as_posix()}", _STAMP)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if file.suffix == ".html" else zipfile.ZIP_STORED
            archive.writestr(entry, file.read_bytes())
