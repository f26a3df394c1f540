"""What was just generated: pictures and sounds that are not in the library until they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.studio import Studio

RGB = tuple[int, int, int]
_ids = count(1)
PREVIEW = (540, 540)  # pixels of a background while it is only looked at


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one result is made; the same recipe makes the same result again.

    Attributes:
        model: name of the model, empty for a background.
        seed: of this one result.
        like: asset it varies. seconds: length of a looped sound.
        palette: accent and ground colours of a background. title: what it is for.
        sound, writing: fields of a ``SoundWish`` or ``TextWish`` beyond model, seed and like.
        place: which of the texts between two sentences.
        taste, strength: what an audience likes, and how far a picture goes there, 0 to 1.
        beside: stands beside one that differs from it by the taste alone.
    """

    model: str
    seed: int
    modality: str = "image"
    like: int | None = None
    seconds: float | None = None
    palette: tuple[RGB, ...] = ()
    title: str = ""
    sound: dict[str, Any] | None = None
    writing: dict[str, Any] | None = None
    place: int = 0
    taste: dict[str, Any] | None = None
    strength: float = 0.0
    beside: bool = False

    @property
    def words(self) -> str:
        """What tells it from others, in the person's language."""
        percent = round(100 * self.strength)
        if percent:
            return tr("Seed {seed}, taste {percent} %", seed=self.seed, percent=percent)
        if self.beside:
            return tr("Seed {seed}, without taste", seed=self.seed)
        return tr("Seed {seed}", seed=self.seed)


@dataclass(slots=True, eq=False)
class Result:
    """One result; ``image`` is None while it is being made, empty where there is nothing to look at.

    Attributes:
        copied: part of the runs of five words of ``text`` that stand in what the model learned from, 0 to 1;
            longest_copied: words of the longest such run.
    """

    recipe: Recipe
    image: QImage | None = None
    samples: NDArray[np.float32] | None = None
    rate: int = 44_100
    text: str = ""
    copied: float | None = None
    longest_copied: int = 0
    asset: int | None = None
    error: str = ""
    id: int = field(default_factory=lambda: next(_ids))


@dataclass(slots=True, eq=False)
class Batch:
    """One press of Generate, for the history strip."""

    title: str
    results: list[Result]

    @property
    def cover(self) -> QImage | None:
        """The first picture that is there."""
        return next((r.image for r in self.results if r.image is not None), None)


class ResultListModel(RowListModel[Result]):
    """The results of one batch."""

    def text(self, row: Result) -> str:
        return row.recipe.words

    def spoken(self, row: Result) -> str:
        state = tr("saved to the library") if row.asset is not None else tr("not saved")
        return ", ".join(part for part in (self.text(row), row.text, state) if part)

    def identity(self, row: Result) -> int:
        return row.id

    def changed(self, row: Result) -> None:
        """A result arrived or was saved."""
        place = self.row_of(row.id)
        if place >= 0:
            self.dataChanged.emit(self.index(place), self.index(place))


class BatchListModel(RowListModel[Batch]):
    """The history, newest first."""

    def text(self, row: Batch) -> str:
        return row.title

    def identity(self, row: Batch) -> int:
        return id(row)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What came of a recipe: fields as in :class:`Result`."""

    image: QImage
    samples: NDArray[np.float32] | None = None
    rate: int = 0
    text: str = ""
    copied: float | None = None
    longest_copied: int = 0


def make(studio: Studio, recipe: Recipe) -> Made:
    """Make one result. Runs on the device thread."""
    generation = studio.generation
    if recipe.palette:
        from mmstudio.composition.palette import hex_of
        from mmstudio.composition.parts import settle

        accent, *ground = recipe.palette
        picture = generation.background(generation.default_model(), [accent], PREVIEW, recipe.seed)
        pixels = settle(np.asarray(picture.convert("RGB")), [hex_of(c) for c in ground])
        return Made(to_qimage(pixels))
    if recipe.modality == "audio":
        from mmstudio.generation.sounding.wish import SoundWish

        given: dict[str, Any] = {"model": recipe.model, "seed": recipe.seed}
        if recipe.seconds is not None:
            given |= {"seconds": recipe.seconds, "kind": "loop"}
        if recipe.like is not None:
            given["like"] = recipe.like
        sound = generation.sound(SoundWish.of(given | (recipe.sound or {})))
        return Made(waveform(sound.samples), sound.samples, sound.rate)
    if recipe.modality == "text":
        count = recipe.writing.get("n", 1) if recipe.writing else 1
        wishes = {key: value for key, value in (recipe.writing or {}).items() if key != "n"}
        like = {"like": str(recipe.like)} if recipe.like is not None else {}
        if "between" in wishes:
            wishes["only"] = (recipe.place,)
        text = generation.texts(recipe.model, count, recipe.seed, **wishes, **like)[0]
        blank = QImage(8, 8, QImage.Format.Format_ARGB32_Premultiplied)
        blank.fill(QColor(0, 0, 0, 0))
        return Made(blank, text=text.text, copied=text.copied.rate, longest_copied=text.copied.longest)
    picture = generation.images(
        recipe.model, 1, recipe.seed, like=recipe.like, taste=recipe.taste, strength=recipe.strength
    )[0]
    return Made(to_qimage(np.asarray(picture.convert("RGB"))))


def personal(
    studio: Studio, recipes: Sequence[Recipe], audience: int, strength: float, *, both: bool
) -> list[Recipe]:
    """The recipes for an audience: towards what it likes, or (``both``) each without and with its taste.

    Pictures go where the liked ones lie; sounds take on the tempo, and from one half on the key.
    Reads pictures: for the device thread.

    Raises:
        UsageError: nothing is known of what the audience likes.
    """
    from mmstudio.generation.sets.personal import heard
    from mmstudio.recommendation.taste import liked

    taste, found = liked(studio.recommender, audience), list[Recipe]()
    for recipe in recipes:
        if both:
            found.append(replace(recipe, beside=True))
        if recipe.modality == "audio":
            sound = heard(recipe.sound or {}, taste, strength)
            found.append(replace(recipe, sound=sound, taste=taste, strength=strength, beside=both))
        else:
            found.append(replace(recipe, taste=taste, strength=strength, beside=both))
    return found


def keep_background(studio: Studio, recipe: Recipe) -> int | None:
    """Make a background in full size and put it into the library; its asset id. On the device thread."""
    from mmstudio.composition.palette import hex_of
    from mmstudio.composition.parts import make_background

    accent, *ground = [hex_of(c) for c in recipe.palette]
    made = make_background(studio.library, studio.generation, accent, ground, recipe.seed, recipe.title)
    return made[0] if made is not None else None


def item_colours(studio: Studio, item: int) -> list[RGB]:
    """Accent and the three ground colours that an ad of this item has, none without a picture of it."""
    from mmstudio.composition import Storyboard
    from mmstudio.composition.draft import Draft
    from mmstudio.composition.palette import rgb_of
    from mmstudio.composition.recipe import get_recipe
    from mmstudio.composition.steps.pictures import palette, pictures

    library = studio.library
    if library.items.hero_of(item) is None:
        return []
    board = Storyboard(item_id=item)
    draft = Draft(library, None, get_recipe("product-ad"), library.items.get(item), None, [], 0, {}, board)
    pictures(draft)
    palette(draft)
    return [rgb_of(board.palette[key]) for key in ("accent", "ground", "ground_2", "ground_3")]


def job_params(recipe: Recipe) -> dict[str, Any]:
    """Parameters of the job that puts this result into the library."""
    params: dict[str, Any] = {"model": recipe.model, "n": 1, "seed": recipe.seed, "add_to_library": True}
    if recipe.like is not None:
        params["like"] = recipe.like
    if recipe.seconds is not None:
        params["seconds"] = recipe.seconds
    if recipe.sound:
        params["sound"] = dict(recipe.sound)
    if recipe.taste and recipe.strength > 0 and recipe.modality == "image":
        params |= {"taste": recipe.taste, "strength": recipe.strength}
    if recipe.modality == "text":
        writing = dict(recipe.writing or {})
        params["n"] = writing.pop("n", 1)
        if "between" in writing:
            writing["only"] = [recipe.place]  # the others of its row are results of their own
        params["writing"] = writing
    return params


def waveform(samples: NDArray[np.float32], width: int = 320, height: int = 320) -> QImage:
    """The shape of a sound on a clear ground; may be drawn on any thread."""
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(0, 0, 0, 0))
    mono = np.abs(samples).max(axis=0) if samples.ndim == 2 else np.abs(samples)
    bars = 64
    peaks = [float(part.max()) if part.size else 0.0 for part in np.array_split(mono, bars)]
    top = max(max(peaks), 1e-6)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    step = width / bars
    pen = QPen(QColor("#5f86e8"), step * 0.6)
    painter.setPen(pen)
    for place, peak in enumerate(peaks):
        half = max(1.0, peak / top * height * 0.42)
        box = QRectF(place * step, height / 2 - half, step, 2 * half)
        painter.drawLine(QPointF(box.center().x(), box.top()), QPointF(box.center().x(), box.bottom()))
    painter.end()
    return image
