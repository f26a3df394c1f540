"""What the augmentation page shows: media to try on, and their copies as they are computed."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.errors import StudioError
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.augment import AugmentRecipe, Medium
    from mmstudio.features.augment.medium import Result
    from mmstudio.library import Library

SIDE = 400  # px of the pictures that are tried
SECONDS = 8.0  # of a sound that are tried
SHOWN = 700  # characters of a text that are shown
MOST_SOURCES = 24
COPIES = {"image": 11, "audio": 11, "text": 8}
_SOUND = (420, 260)  # px of a sound's picture
_FLOOR_DB = -80.0


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Something to try a recipe on: an asset, an item's text, or a file that was dropped."""

    title: str
    asset: int | None = None
    item: int | None = None
    path: str = ""


@dataclass(slots=True, eq=False)
class Variant:
    """The original (``index`` -1) or one copy; everything is empty while it is computed."""

    index: int
    kind: str
    image: QImage | None = None
    samples: NDArray[np.float32] | None = None
    rate: int = 0
    html: str = ""
    text: str = ""
    done: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    error: str = ""
    id: int = 0

    @property
    def title(self) -> str:
        """Original, or Copy 3."""
        return tr("Original") if self.index < 0 else tr("Copy {n}", n=self.index + 1)

    @property
    def ready(self) -> bool:
        """Computed."""
        return self.image is not None or bool(self.html) or bool(self.error)

    @property
    def words(self) -> str:
        """What was done, for the eye and the ear."""
        if self.error:
            return self.error
        if not self.ready:
            return tr("Computing…")
        if self.index < 0:
            return tr("as it is in the library")
        said = ", ".join(self.done) or tr("unchanged this time")
        if self.skipped:
            said += " · " + tr("not possible here: {names}", names=", ".join(self.skipped))
        return said


class VariantModel(RowListModel[Variant]):
    """The original first, then the copies."""

    def text(self, row: Variant) -> str:
        return row.title

    def spoken(self, row: Variant) -> str:
        return f"{row.title}: {row.words}" + (f". {row.text}" if row.text else "")

    def identity(self, row: Variant) -> Any:
        return (row.kind, row.index)

    def put(self, row: Variant) -> None:
        """A copy has been computed."""
        place = self.row_of(self.identity(row))
        if place >= 0:
            row.id = self._rows[place].id + 1
            self._rows[place] = row
            self.dataChanged.emit(self.index(place), self.index(place))

    def begin(self, kind: str, *, keep: bool) -> None:
        """Skeletons for a new medium; with ``keep`` the old copies stay until the new ones are there."""
        if not keep or not self._rows or self._rows[0].kind != kind:
            self.set_rows([])
            self.set_rows([Variant(index, kind) for index in range(-1, COPIES[kind])])

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole and index.isValid():
            row = self._rows[index.row()]
            return f"{row.title}: {row.words}"
        return super().data(index, role)


# --- media, read in a worker --------------------------------------------------------------------------------


def find_sources(library: Library, kind: str, selection: list[int]) -> tuple[bool, list[SourceFile]]:
    """(whether they come from the selection, media to try on); texts fall back to the items' descriptions."""
    from mmstudio.library import AssetFilter

    chosen = [a for a in library.assets.get_many(selection[:500]) if a.kind == kind and a.status == "ok"]
    from_selection = bool(chosen)
    if not chosen:
        ids = library.assets.ids(AssetFilter(kinds=(kind,), origin="imported"))  # type: ignore[arg-type]
        step = max(1, len(ids) // MOST_SOURCES)
        chosen = library.assets.get_many(ids[::step][:MOST_SOURCES])
    found = [SourceFile(a.title or Path(a.rel_path).name, asset=a.id) for a in chosen[:MOST_SOURCES]]
    if kind == "text" and not found:
        items = library.items.get_many(library.items.ids()[:200])
        found = [SourceFile(i.title or i.sku, item=i.id) for i in items if i.description.strip()]
    return from_selection, found[:MOST_SOURCES]


def read_source(library: Library, kind: str, source: SourceFile) -> Medium:
    """Read a medium for trying. Raises StudioError, OSError."""
    from mmstudio.features.augment import Medium, read_asset, read_medium
    from mmstudio.features.augment.recipe import content_key

    options: dict[str, Any] = {"max_side": SIDE, "seconds": SECONDS}
    if source.asset is not None:
        return read_asset(library, library.assets.get(source.asset), **options)
    if source.item is not None:
        item = library.items.get(source.item)
        key = content_key(item.description)
        return Medium("text", key, item.title, text=item.description, protect=(item.title,))
    return read_medium(Path(source.path), kind, **options)


def original_of(medium: Medium) -> Variant:
    """The medium itself, drawn like its copies."""
    row = Variant(-1, medium.kind, rate=medium.rate)
    if medium.pixels is not None:
        row.image = to_qimage(medium.pixels)
    elif medium.samples is not None:
        row.samples = medium.samples
        row.image = sound_image(medium.samples, medium.rate)
    else:
        row.text, row.html = medium.text[:SHOWN], _escaped(medium.text[:SHOWN], len(medium.text))
    return row


def variant_of(medium: Medium, recipe: AugmentRecipe, index: int) -> Variant:
    """Copy ``index``; an error of this one copy is part of it."""
    from mmstudio.features.augment import PictureResult, SoundResult
    from mmstudio.i18n import tr_error

    row = Variant(index, medium.kind, rate=medium.rate)
    try:
        made = medium.vary(recipe, index)
    except StudioError as error:
        row.error = tr_error(error)[0]
        return row
    row.done = tuple(done.words() for done in made.applied)
    row.skipped = tuple(_title(name) for name in made.skipped)
    if isinstance(made, PictureResult):
        row.image = to_qimage(made.pixels)
    elif isinstance(made, SoundResult):
        row.samples, row.image = made.samples, sound_image(made.samples, medium.rate)
    else:
        row.text, row.html = made.text[:SHOWN], marked_html(made)
        row.done = _counts(made)
    return row


def _title(operation: str) -> str:
    from mmstudio.features.augment import OPERATIONS

    return tr(OPERATIONS[operation].title)


def _counts(made: Result) -> tuple[str, ...]:
    """How many words each operation touched."""
    from mmstudio.features.augment import TextResult

    assert isinstance(made, TextResult)
    words = {
        "synonyms": mark("{n} replaced"),
        "dropout": mark("{n} left out"),
        "swap": mark("{n} swapped"),
    }
    counts = {name: sum(change.operation == name for change in made.changes) for name in words}
    return tuple(tr(words[name], n=n) for name, n in counts.items() if n)


def marked_html(made: Result) -> str:
    """The text with its changes marked by form as well as colour: bold, underlined, struck through."""
    from mmstudio.features.augment import TextResult

    assert isinstance(made, TextResult)
    parts: list[str] = []
    at = 0
    for change in made.changes:
        if change.start > SHOWN:
            break
        parts.append(html.escape(made.text[at : change.start]))
        new = html.escape(made.text[change.start : change.end])
        if change.operation == "dropout":
            parts.append(f'<s class="out">{html.escape(change.was)}</s> ')
        else:
            tag = "b" if change.operation == "synonyms" else "u"
            parts.append(f'<{tag} class="new">{new}</{tag}>')
        at = change.end
    if at < SHOWN:
        parts.append(html.escape(made.text[at:SHOWN]))
    tail = "…" if len(made.text) > max(at, SHOWN) else ""
    return "".join(parts).replace("\n", "<br>") + tail or "&nbsp;"


def _escaped(text: str, whole: int) -> str:
    return html.escape(text).replace("\n", "<br>") + ("…" if whole > len(text) else "") or "&nbsp;"


def sound_image(samples: NDArray[np.float32], rate: int) -> QImage:
    """Waveform above, mel spectrogram below, both over time; for any thread."""
    width, height = _SOUND
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(0, 0, 0, 0))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    upper = height * 0.36
    mono = samples.mean(axis=0) if samples.size else np.zeros(1, np.float32)
    bars = 140
    painter.setPen(QPen(QColor("#5f86e8"), width / bars * 0.7))
    for place, part in enumerate(np.array_split(mono, bars)):
        # Against full scale: a quieter copy is to look quieter.
        half = max(0.6, float(np.abs(part).max(initial=0.0)) * upper * 0.48)
        x = (place + 0.5) * width / bars
        painter.drawLine(QPointF(x, upper / 2 - half), QPointF(x, upper / 2 + half))
    lower = QRectF(0, upper + 4, width, height - upper - 4)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(lower, to_qimage(_mel_picture(mono, rate)))
    painter.end()
    return image


def _mel_picture(mono: NDArray[np.float32], rate: int) -> NDArray[np.uint8]:
    """uint8[48, T, 3], low tones below, -80 dB (dark) to 0 dB (bright) of a tone at full scale."""
    import librosa

    frame = 1024
    padded = np.pad(mono, (0, max(0, frame - len(mono))))
    hop = max(128, len(padded) // 240)
    power = librosa.feature.melspectrogram(
        y=padded, sr=rate, n_fft=frame, hop_length=hop, n_mels=48, norm=None
    )
    decibel = 10 * np.log10(np.maximum(power / (frame / 4) ** 2, 10 ** (_FLOOR_DB / 10)))
    level = ((decibel - _FLOOR_DB) / -_FLOOR_DB).clip(0, 1)[::-1]
    return np.ascontiguousarray(_ramp()[(level * 255).astype(np.uint8)])


def _ramp() -> NDArray[np.uint8]:
    """256 colours from night blue over rose to pale yellow, of rising lightness."""
    stops = np.array([0.0, 0.3, 0.6, 0.85, 1.0])
    colours = np.array([[16, 18, 40], [74, 40, 120], [190, 60, 110], [246, 150, 80], [252, 240, 190]])
    place = np.linspace(0, 1, 256)
    return np.stack([np.interp(place, stops, colours[:, c]) for c in range(3)], axis=1).astype(np.uint8)
