"""Sounds that a wish names: assets, files, seeds and latents, as samples or as places in the model."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmstudio.errors import StudioError, UsageError
from mmstudio.generation.latents.space import Floats
from mmstudio.generation.sounding.finish import to_stereo
from mmstudio.generation.sounding.maker import Maker
from mmstudio.generation.sounding.measure import Samples
from mmstudio.generation.sounding.wish import RATE, Source
from mmstudio.i18n import mark

LONGEST_HEARD = 600.0  # seconds read of a file
_SILENT = 1e-4


@dataclass(slots=True)
class Given:
    """One sound that a wish names.

    Attributes:
        name: for sentences. samples: float32[2, N] at 44.1 kHz, None for a latent or a seed.
        latent: float32[L], None until it is asked for with :meth:`place`.
        asset: its id in the library, None for anything else. mark: of its samples, to know it by again.
    """

    name: str
    samples: Samples | None = None
    latent: Floats | None = None
    asset: int | None = None
    mark: str = ""

    def place(self, maker: Maker) -> Floats:
        """float32[L] in the model."""
        if self.latent is None:
            assert self.samples is not None
            self.latent = maker.hear(self.samples, RATE)
        return self.latent

    def sound(self, maker: Maker) -> Samples:
        """float32[2, N] at 44.1 kHz: as it is, or as the model sounds there."""
        if self.samples is None:
            from mmstudio.media.audio import resample

            piece = next(maker.pieces(self.place(maker)[None], throughout=False))
            self.samples = to_stereo(resample(piece.samples, piece.rate, RATE))
        return self.samples


def given(
    source: Source, path_of: Callable[[str | int], Path], maker: Maker, longest: float = LONGEST_HEARD
) -> Given:
    """The sound that ``source`` names, its first ``longest`` seconds.

    Raises:
        UsageError: a latent of another model, a picture or a text. NotFound: no such asset or file.
        MediaError: it cannot be read. StudioError: it is silent.
    """
    if isinstance(source, tuple):
        return Given("", latent=_latent(source, maker))
    if isinstance(source, str) and source.startswith("seed:"):
        number = source.removeprefix("seed:").strip()
        if not number.removeprefix("-").isdecimal() or len(number) > 18:
            raise UsageError("“{text}” is not a seed.", hint="Write it like seed:7.", text=source)
        return Given(source, latent=maker.seeded(int(number)))
    from mmstudio.media.audio import load_audio
    from mmstudio.media.kinds import kind_of

    path = path_of(source)
    kind = kind_of(path)
    if kind in ("image", "text"):
        hint = mark("Choose a sound, or a video with sound; models of pictures take pictures.")
        if kind == "image":
            raise UsageError("{name} is a picture: a sound is needed here.", hint=hint, name=path.name)
        raise UsageError("{name} is a text: a sound is needed here.", hint=hint, name=path.name)
    read, _ = load_audio(path, rate=RATE, duration=longest)
    samples = to_stereo(read)
    if float(np.abs(samples).max(initial=0.0)) < _SILENT:
        raise StudioError("{name} is silent.", hint="Choose a sound with something in it.", name=path.name)
    top = float(np.abs(samples).max())
    if top > 1.0:  # a float file may hold more than full scale
        samples = samples / np.float32(top)
    asset = int(source) if str(source).isdigit() and not Path(str(source)).exists() else None
    return Given(path.name, samples, asset=asset, mark=f"{zlib.crc32(samples.tobytes()):08x}")


def _latent(numbers: tuple[float, ...], maker: Maker) -> Floats:
    latent = np.asarray(numbers, np.float32)
    if latent.shape != (maker.space.length,) or not np.isfinite(latent).all():
        raise UsageError(
            "This place belongs to another model than “{name}”.",
            hint="Start from a sound or a seed instead.",
            name=maker.model.config.name,
        )
    return latent
