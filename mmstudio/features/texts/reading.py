"""Text in pictures, read by the tesseract program where it is installed (a process of its own)."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from mmstudio.errors import MediaError, StudioError
from mmstudio.features.texts.language import detect
from mmstudio.i18n import tr, tr_error
from mmstudio.jobs import JobContext, Progress
from mmstudio.library.records import Facts
from mmstudio.media.image import image_array

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from mmstudio.library import Library
    from mmstudio.library.records import Asset

log = logging.getLogger(__name__)
READ = "read-text"  # how the step is named on the shell
MEASURE = "read"
_LANGUAGES = ("eng", "chi_sim", "chi_tra", "jpn", "deu", "fra", "spa")  # the first three that are installed
_SIDE = 1600  # px of the longer side that tesseract is given
_SMALLEST = 48  # px of the shorter side below which nobody could read anything
_BATCH = 16  # pictures per process: loading the languages takes longer than reading one picture
_FIRST, _EACH = 15.0, 6.0  # seconds a process may take, and per picture
_POLL = 0.1
_NO_WINDOW = 0x08000000 if sys.platform == "win32" else 0  # no console flashes up on Windows
_SURE = 60.0  # per cent: what tesseract is less sure of is mostly texture taken for letters
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Reader:
    """The program and the languages it reads (as ``-l`` wants them: ``eng+chi_sim``)."""

    program: str
    languages: str


@dataclass(slots=True)
class ReadOutcome:
    """What was read: ``files`` looked at, ``found`` of them with text, ``failed`` [name, reason]."""

    files: int = 0
    found: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def find_reader() -> Reader | None:
    """Tesseract with at least one language, or None where it is not installed or does not run."""
    program = shutil.which("tesseract")
    return _reader(program) if program else None


@lru_cache(maxsize=4)
def _reader(program: str) -> Reader | None:
    try:
        answer = subprocess.run(
            [program, "--list-langs"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            creationflags=_NO_WINDOW,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    installed = set((answer.stdout + answer.stderr).split())
    chosen = [code for code in _LANGUAGES if code in installed][:3]
    return Reader(program, "+".join(chosen)) if answer.returncode == 0 and chosen else None


def read_pictures(
    library: Library, context: JobContext, outcome: ReadOutcome, done: int = 0
) -> Generator[Progress, None, None]:
    """Read the text of every picture that lacks the measure ``read``, and make it searchable.

    Title and caption stay. ``read`` is the number of characters found, 0 for none. Where tesseract is
    missing, nothing happens but a line in the log. Where the job is paused, what was read is kept.
    """
    reader = find_reader()
    waiting = library.facts.without(MEASURE, ("image",))
    if not waiting:
        return
    if reader is None:
        log.info("tesseract is not installed: the text in %d pictures is not read", len(waiting))
        return
    queue = deque(waiting[at : at + _BATCH] for at in range(0, len(waiting), _BATCH))
    workers = min(4, os.cpu_count() or 1)
    running: deque[Future[list[_Answer]]] = deque()
    stop = threading.Event()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="read-text")
    try:
        while (queue and not context.pause_requested()) or running:
            while queue and len(running) < workers + 1 and not context.pause_requested():
                assets = library.assets.get_many(queue.popleft())
                paths = [library.assets.path_of(asset) for asset in assets]
                running.append(pool.submit(_read_batch, reader, assets, paths, library.index_dir, stop))
            try:
                answers = running[0].result(timeout=_POLL)
            except FutureTimeout:
                if running[0].done():
                    raise
                answers = None
            context.raise_if_cancelled()
            if answers is not None:
                running.popleft()
                _store(library, answers, outcome)
            note = tr(
                "Reading the text in pictures ({done} of {total})", done=outcome.files, total=len(waiting)
            )
            # After other work the bar stays full and the line counts on; alone, the pictures are the bar.
            yield Progress(done, done, note) if done else Progress(outcome.files, len(waiting), note)
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Text of one picture; None where it could not even be tried (another part of the job says why)."""

    asset: Asset
    text: str | None
    problem: str = ""


def _store(library: Library, answers: Sequence[_Answer], outcome: ReadOutcome) -> None:
    for answer in answers:
        outcome.files += 1
        if answer.problem:
            outcome.failed.append((answer.asset.rel_path, answer.problem))
        if answer.text is None:
            continue
        if answer.text or library.assets.text_of(answer.asset.id):
            library.assets.set_text(answer.asset.id, answer.text, detect(answer.text).code)
        outcome.found += bool(answer.text)
    library.facts.put_many(
        Facts(answer.asset.id, measures={MEASURE: float(len(answer.text))})
        for answer in answers
        if answer.text is not None
    )


def _read_batch(
    reader: Reader, assets: Sequence[Asset], paths: Sequence[Path], folder: Path, stop: threading.Event
) -> list[_Answer]:
    """On an io thread: decode, write small greyscale copies, run one process for all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    answers: list[_Answer] = []
    ready: list[tuple[Asset, Path]] = []
    with tempfile.TemporaryDirectory(prefix="reading-", dir=folder, ignore_cleanup_errors=True) as temporary:
        for asset, path in zip(assets, paths, strict=True):
            if stop.is_set():
                return []
            try:
                picture = Image.fromarray(image_array(path, max_side=_SIDE)).convert("L")
            except (MediaError, OSError, ValueError, MemoryError):
                answers.append(_Answer(asset, None))  # the picture extractors mark and name it
                continue
            if min(picture.size) < _SMALLEST:
                answers.append(_Answer(asset, ""))
                continue
            copy = Path(temporary) / f"{asset.id}.pgm"
            picture.save(copy)
            ready.append((asset, copy))
        answers += _run_all(reader, ready, Path(temporary), stop)
    return answers


def _run_all(
    reader: Reader, ready: Sequence[tuple[Asset, Path]], folder: Path, stop: threading.Event
) -> list[_Answer]:
    if not ready or stop.is_set():
        return []
    try:
        texts = _run(reader, [copy for _, copy in ready], folder, stop.is_set)
    except StudioError as error:
        if stop.is_set():
            return []
        if len(ready) > 1:  # one picture spoils the others: each on its own
            return [answer for one in ready for answer in _run_all(reader, [one], folder, stop)]
        log.info("tesseract failed on %s: %s", ready[0][0].rel_path, error)
        return [_Answer(ready[0][0], "", tr_error(error)[0])]
    return [_Answer(asset, text) for (asset, _), text in zip(ready, texts, strict=True)]


def read_text(path: Path, folder: Path) -> str:
    """The text in one picture, "" where there is none. Raises MediaError, StudioError (no tesseract)."""
    reader = find_reader()
    if reader is None:
        raise StudioError("Text in pictures is read by tesseract, which is not installed.", hint=remedy())
    picture = Image.fromarray(image_array(path, max_side=_SIDE)).convert("L")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reading-", dir=folder, ignore_cleanup_errors=True) as temporary:
        copy = Path(temporary) / "picture.pgm"
        picture.save(copy)
        return _run(reader, [copy], Path(temporary), lambda: False)[0]


def remedy() -> str:
    """What installs tesseract on this computer."""
    if shutil.which("apt-get"):
        return "sudo apt-get install tesseract-ocr tesseract-ocr-chi-sim"
    if shutil.which("brew"):
        return "brew install tesseract tesseract-lang"
    return tr("Install tesseract with the languages you need, and put its folder on the PATH.")


def _run(reader: Reader, copies: Sequence[Path], folder: Path, stopped: Callable[[], bool]) -> list[str]:
    """One process over several pictures → their texts. Raises StudioError."""
    listing, report, errors = folder / "list.txt", folder / "report.tsv", folder / "errors.txt"
    listing.write_text("".join(f"{copy}\n" for copy in copies), encoding="utf-8")
    # psm 11: text may stand anywhere; a photo is no page.
    command = [reader.program, str(listing), "stdout", "-l", reader.languages, "--psm", "11", "tsv"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # the threads here run several processes already
    until = time.monotonic() + _FIRST + _EACH * len(copies)
    try:
        # Into files, not pipes: nothing has to be drained while the clock and the stop button are watched.
        with report.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment,
                creationflags=_NO_WINDOW,
            )
            try:
                while process.poll() is None:
                    if stopped() or time.monotonic() > until:
                        raise StudioError("Reading the text in a picture took too long.")
                    try:
                        process.wait(_POLL)
                    except subprocess.TimeoutExpired:
                        continue
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
    except OSError as error:
        raise StudioError("The program tesseract cannot be run.") from error
    if process.returncode != 0:
        log.info("tesseract: %s", errors.read_text(encoding="utf-8", errors="replace")[:500])
        raise StudioError("The program tesseract could not read the picture.")
    return _texts(report.read_text(encoding="utf-8", errors="replace"), len(copies))


def _texts(table: str, pages: int) -> list[str]:
    """The words of tesseract's TSV that are worth keeping, by page, a line of the picture on each line."""
    lines: list[dict[tuple[str, str, str], list[str]]] = [{} for _ in range(pages)]
    for row in table.splitlines():
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != "5":
            continue
        page, word = int(cells[1]) - 1, cells[11].strip()
        if 0 <= page < pages and float(cells[10]) >= _SURE and any(c.isalnum() for c in word):
            lines[page].setdefault((cells[2], cells[3], cells[4]), []).append(word)
    return ["\n".join(text for words in page.values() if (text := _line(words))) for page in lines]


def _line(words: Sequence[str]) -> str:
    """Words of one line as text, "" for what is no more than a stray letter; Chinese without blanks."""
    text = ""
    for word in words:
        joined = bool(text) and not (_HAN.match(text[-1]) and _HAN.match(word))
        text += (" " if joined else "") + word
    letters = {c for c in text.casefold() if c.isalnum()}
    han = {c for c in letters if _HAN.match(c)} - {"一"}  # any dash looks like 一
    return text if len(letters - han) >= 3 or len(han) >= 2 else ""
