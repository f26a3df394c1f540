"""Word vectors of others: word2vec in text and binary form, GloVe text; never a pickle.

Only words that the library uses, and the first ones of the file (files are sorted by frequency), are kept, so
that a file of many gigabytes needs little memory.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.features.texts.embeddings import WordVectors, make_vectors
from mmstudio.features.texts.pausing import between_steps
from mmstudio.i18n import mark, tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.paths import user_models_dir

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

FIRST = 20_000  # words at the beginning of a file that are kept whether the library uses them or not
MAX_DIMENSION = 4096
FOLDER = "word-vectors"  # in the user's model folder
SUFFIXES = (".vec", ".txt", ".bin", ".w2v", ".glove")
_LONGEST_LINE = 200_000  # bytes; a longer one is no row of numbers
_LONGEST_WORD = 2000  # bytes
_TELL = 5000  # rows between two signs of life
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


@dataclass(slots=True)
class _Reading:
    """What has been read so far; ``left_out`` counts the rows that were not taken, by reason."""

    wanted: set[str]
    dimension: int = 0
    read: int = 0
    words: dict[str, int] = field(default_factory=dict)
    rows: list[NDArray[np.float32]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def needs(self, word: str) -> bool:
        return self.read <= FIRST or word in self.wanted

    def take(self, word: str, row: NDArray[np.float32]) -> None:
        if not np.isfinite(row).all() or np.abs(row).max() > 1e6:
            self.skip(mark("not a number"))
        elif word in self.words:
            self.skip(mark("duplicate"))
        else:
            self.words[word] = len(self.rows)
            self.rows.append(row)


def own_file() -> Path | None:
    """A word-vector file in the user's model folder (``word-vectors/``), or None; the first by name."""
    folder = user_models_dir() / FOLDER
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    except OSError:
        return None
    return min(files, default=None)


def read_word_vectors(
    path: Path, wanted: set[str], context: JobContext
) -> Generator[Progress, None, WordVectors]:
    """Read a file of word vectors.

    Args:
        wanted: words of the library; beside them the first 20,000 of the file are kept.

    Rows that are not numbers, have another length or come twice are left out and counted in the result's
    ``left_out``. Raises StudioError where the file is no such file or nothing of it can be used.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            head = file.read(4096)
            if not head.strip():
                raise _refused(path, mark("It is empty."))
            if head.startswith(_PICKLES):
                raise StudioError(
                    "{name} is a program's own dump, which may run code when it is opened.",
                    hint="Save the vectors in word2vec or GloVe text format and give that file.",
                    name=path.name,
                )
            file.seek(0)
            reading = _Reading(wanted)
            counted = _header(head)
            if counted is not None and _is_binary(head):
                reading.dimension = counted[1]
                file.readline()
                rows = _read_binary(file, counted[0], reading)
            else:
                if counted is not None:
                    reading.dimension = counted[1]
                    file.readline()
                rows = _read_text(file, reading)
            for _ in rows:
                if reading.read % _TELL == 0:
                    between_steps(context)
                    percent = round(100 * file.tell() / max(size, 1))
                    yield Progress(percent, 100, tr("Reading word vectors"))
    except OSError as error:
        raise StudioError(
            "{name} cannot be read.", hint="Check that the file exists.", name=path.name
        ) from error
    if not reading.rows:
        raise _refused(path, mark("No row of it is a word with numbers."))
    return make_vectors(
        list(reading.words), np.stack(reading.rows), [0] * len(reading.words), path.name, reading.left_out
    )


def _refused(path: Path, why: str) -> StudioError:
    return StudioError(
        "{name} holds no word vectors: {why}",
        hint="Give a file in word2vec (text or binary) or GloVe text format.",
        name=path.name,
        why=tr(why),
    )


def _header(head: bytes) -> tuple[int, int] | None:
    """(words, dimension) of a word2vec header, or None for GloVe, which has none."""
    parts = head.split(b"\n", 1)[0].split()
    if len(parts) != 2 or not all(part.isdigit() and len(part) < 12 for part in parts):
        return None
    count, dimension = int(parts[0]), int(parts[1])
    return (count, dimension) if 0 < dimension <= MAX_DIMENSION else None


def _is_binary(head: bytes) -> bool:
    """Whether floats follow the words as bytes: text holds no such bytes."""
    body = head.split(b"\n", 1)[1] if b"\n" in head else b""
    text = body[: body.rfind(b"\n")] if b"\n" in body else body
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(text) - 4:
            return True
    return any(byte < 9 or 13 < byte < 32 for byte in text)


def _word(raw: bytes) -> str:
    return unicodedata.normalize("NFKC", raw.decode("utf-8", errors="replace")).strip()


def _read_text(file: IO[bytes], reading: _Reading) -> Generator[None, None, None]:
    while line := file.readline(_LONGEST_LINE):
        if not line.endswith(b"\n") and len(line) >= _LONGEST_LINE:
            reading.skip(mark("wrong length"))
            while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                yield
            continue
        parts = line.rstrip().split(b" ") if b"\t" not in line else line.split()
        if len(parts) < 2:
            if line.strip():
                reading.skip(mark("wrong length"))
            continue
        reading.read += 1
        yield
        if not reading.dimension:
            # GloVe has no header: the first row says how long the vectors are.
            reading.dimension = sum(1 for _ in _trailing_numbers(parts[1:]))
            if not 2 <= reading.dimension <= MAX_DIMENSION:
                reading.dimension = 0
                reading.skip(mark("wrong length"))
                continue
        if len(parts) <= reading.dimension:
            reading.skip(mark("wrong length"))
            continue
        # A word may hold blanks itself (". . ." in GloVe): the numbers are counted from the end.
        word = _word(b" ".join(parts[: -reading.dimension]))
        if not word or " " in word or len(parts) - reading.dimension > 4:
            reading.skip(mark("wrong length"))
        elif reading.needs(word):
            try:
                row = np.array([float(part) for part in parts[-reading.dimension :]], np.float64)
            except ValueError:
                reading.skip(mark("not a number"))
                continue
            with np.errstate(over="ignore"):
                reading.take(word, row.astype(np.float32))


def _trailing_numbers(parts: list[bytes]) -> Generator[float, None, None]:
    for part in reversed(parts):
        try:
            yield float(part)
        except ValueError:
            return


def _read_binary(file: IO[bytes], count: int, reading: _Reading) -> Generator[None, None, None]:
    width = 4 * reading.dimension
    for _ in range(count):
        raw = bytearray()
        while (byte := file.read(1)) not in (b" ", b""):
            if byte != b"\n":
                raw += byte
            if len(raw) > _LONGEST_WORD:
                reading.skip(mark("wrong length"))
                return  # out of step: nothing that follows can be trusted
        data = file.read(width)
        if len(data) < width:
            reading.skip(mark("cut off"))
            return
        reading.read += 1
        yield
        word = _word(bytes(raw))
        if word and reading.needs(word):
            reading.take(word, np.frombuffer(data, "<f4").astype(np.float32))
