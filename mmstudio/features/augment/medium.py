"""A medium read for augmentation: the window, the shell and the training read and vary it the same way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.errors import StudioError
from mmstudio.features.augment.pictures import PictureResult, augment_picture
from mmstudio.features.augment.sounds import SoundResult, augment_sound
from mmstudio.features.augment.texts import TextResult, augment_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.features.augment.recipe import AugmentRecipe
    from mmstudio.features.augment.synonyms import Synonyms
    from mmstudio.library import Asset, Library

MOST_SECONDS = 600.0  # of one sound; the shell says where it cut
Result = PictureResult | SoundResult | TextResult


@dataclass(frozen=True, slots=True, eq=False)
class Medium:
    """One picture, sound or text with its name for the draws.

    Attributes:
        kind: "image", "audio" or "text".
        key: SHA-256 of the file (or of the words of an item): the same medium draws alike everywhere.
        title: for a person.
        pixels: uint8[H, W, 3]. samples: float32[C, N] at ``rate`` Hz. text: words.
        protect: titles whose words stay.
        cut: True where only the beginning was read.
    """

    kind: str
    key: str
    title: str
    pixels: NDArray[np.uint8] | None = None
    samples: NDArray[np.float32] | None = None
    rate: int = 0
    text: str = ""
    protect: tuple[str, ...] = ()
    cut: bool = False

    def vary(self, recipe: AugmentRecipe, index: int, source: Synonyms | None = None) -> Result:
        """Augmented copy number ``index``."""
        if self.pixels is not None:
            return augment_picture(self.pixels, recipe, index, self.key)
        if self.samples is not None:
            return augment_sound(self.samples, self.rate, recipe, index, self.key)
        return augment_text(self.text, recipe, index, self.key, protect=self.protect, source=source)


def read_medium(
    path: Path,
    kind: str,
    *,
    key: str = "",
    title: str = "",
    max_side: int | None = None,
    seconds: float = MOST_SECONDS,
    protect: tuple[str, ...] = (),
) -> Medium:
    """Read a file of the kind "image", "audio" or "text".

    Args:
        max_side: pictures are reduced to it, px. seconds: of a sound that are read.

    Raises:
        MediaError: unreadable. StudioError: another kind.
    """
    key = key or file_key(path)
    title = title or path.stem
    if kind == "image":
        from mmstudio.media.image import image_array

        return Medium(kind, key, title, pixels=image_array(path, max_side))
    if kind == "audio":
        from mmstudio.media.audio import load_audio

        samples, rate = load_audio(path, duration=seconds + 0.1)
        most = round(seconds * rate)
        whole = samples.shape[1] <= most
        return Medium(kind, key, title, samples=samples[:, :most], rate=rate, cut=not whole)
    if kind == "text":
        from mmstudio.media.text import load_text

        return Medium(kind, key, title, text=load_text(path).text, protect=protect)
    raise StudioError(
        "{name} is neither a picture nor a sound nor a text.",
        hint="Give files of those kinds, or a library that holds some.",
        name=path.name,
    )


def read_asset(library: Library, asset: Asset, **options: int | float | None) -> Medium:
    """Read an asset (see :func:`read_medium`); a text keeps the words of its own title."""
    path = library.assets.path_of(asset)
    name = asset.title or path.stem
    protect = tuple(word for word in (asset.title,) if word)
    return read_medium(path, asset.kind, key=asset.sha256, title=name, protect=protect, **options)  # type: ignore[arg-type]


def file_key(path: Path) -> str:
    """SHA-256 of a file, as the library knows it. Raises MediaError where it cannot be read."""
    from mmstudio.media.guard import check_not_empty

    check_not_empty(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
