"""A sound model as a source of pieces: latents near one another, and what is heard of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.hearing import Sound
from mmstudio.generation.latents.space import Floats, Space
from mmstudio.generation.sounding import measure
from mmstudio.generation.sounding.cores import Cores, done
from mmstudio.generation.sounding.measure import Beat, Samples
from mmstudio.generation.sounding.wish import SoundWish, key_number

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.learning.engine.sound_shape import SoundShape

BLOCK = 16  # latents drawn at a time
FEW = 4  # of them drawn as spectrograms at once, where one or two are mostly enough
_SKIPPED = 4  # of so many frames one tells the key


class Piece:
    """What one latent sounds like; worked out as it is asked for.

    Attributes:
        latent: float32[L]. rate: Hz. around: its end runs into its beginning.
        score: 1 or more where it sounds as it should; see :func:`sustain`.
        quick: whether its samples are cheap to come by.
        mel: float32[bands, T], its spectrogram where beats can be measured in it, with ``every`` times as
            many frames as that takes.
    """

    def __init__(
        self,
        latent: Floats,
        rate: int,
        samples: Samples | Callable[[], Samples],
        score: float,
        around: bool = False,
        mel: Floats | None = None,
        quick: bool = True,
        tones: Callable[[], Floats] | None = None,
        every: int = 1,
    ) -> None:
        self.latent, self.rate, self.score, self.around = latent, rate, score, around
        self._make, self._mel, self.quick, self._every = samples, mel, quick, every
        self._tones: Callable[[], Floats] | Floats | None = tones
        self._beat: Beat | None = None
        self._heard: Sound | None = None  # until beat and chroma are known
        self._chroma: NDArray[np.float32] | None = None

    @property
    def samples(self) -> Samples:
        """float32[C, T]."""
        made = self._make  # read once: a piece that comes again is played by two threads
        if callable(made):
            made = self._make = made()
        return made

    @property
    def beat(self) -> Beat | None:
        """Its beat, where there is one to build on."""
        if self._beat is None:
            found = measure.beat_in(self._hearing())
            self._beat = found if found is not None else Beat(0.0, 0.0, 0.0)
        return self._beat if self._beat.sure >= measure.SURE else None

    @property
    def tempo(self) -> float | None:
        """Beats per minute, from its spectrogram where its samples are dear; None without a beat."""
        if self._mel is None or self._beat is not None:
            return None if self.beat is None else self.beat.tempo
        return measure.tempo_of(self._mel, self._every)

    @property
    def chroma(self) -> NDArray[np.float32]:
        """float32[12], see :func:`measure.chroma_of`."""
        if self._chroma is None:
            self._chroma = measure.chroma_in(self._hearing())
        return self._chroma

    def _hearing(self) -> Sound:
        """Its spectra, which the beat and the pitch classes share."""
        heard = self._heard or Sound([self.samples], self.rate)
        self._heard = heard if self._beat is None and self._chroma is None else None
        return heard

    @property
    def played(self) -> bool:
        """Whether its samples are known."""
        return not callable(self._make)

    def play(self) -> None:
        """Work its samples out now, wherever they are asked for later."""
        _ = self.samples

    @property
    def cheap(self) -> bool:
        """Whether :attr:`tones` takes no samples."""
        return self._tones is not None

    @property
    def tones(self) -> NDArray[np.float32]:
        """About :attr:`chroma`, without its samples where there is a spectrogram."""
        if self._tones is None or self._chroma is not None:
            return self.chroma
        if not isinstance(self._tones, np.ndarray):
            self._tones = self._tones()
        return self._tones


class Maker:
    """One model at one wish; its chance comes from the wish's seed and index alone."""

    def __init__(self, model: GenerativeModel, wish: SoundWish, cores: Cores | None = None) -> None:
        import torch

        from mmstudio.learning.engine.sound_shape import SoundShape

        self.model, self.wish, self.cores = model, wish, cores or Cores()
        self.shape = SoundShape.of(model.config)
        self.space = Space.of(model.prior)
        self.random = np.random.default_rng([wish.seed % 2**63, wish.index, 5])
        self._torch = torch.Generator().manual_seed(int(self.random.integers(2**62)))
        self._told = self._condition()

    def _condition(self) -> Tensor | None:
        """What the wish tells the model: its tempo and key, where it can be told."""
        import torch

        conditions = self.model.conditions
        if not conditions.width:
            return None
        key = None if self.wish.key is None else key_number(self.wish.key)
        return torch.from_numpy(conditions.row(tempo=self.wish.tempo, key=key))[None]

    # -- latents -----------------------------------------------------------------------------------------

    def draws(self, count: int = BLOCK) -> Floats:
        """float32[count, L] of what the model learned."""
        drawn: Floats = self.model.draw(count, self._torch).numpy()
        return drawn

    def seeded(self, seed: int) -> Floats:
        """float32[L]: what a seed stands for."""
        return self.space.draw(seed)

    def near(self, latent: Floats, spread: float, count: int = BLOCK, itself: bool = False) -> Floats:
        """float32[count, L] around a latent, ``spread`` 0 (itself) to 1 (any other); the first is the latent
        where ``itself``.

        The preconditioned Crank–Nicolson step (Cotter et al., Statistical Science 2013), as for pictures.
        """
        white = self.space.white(latent)
        noise = self.random.standard_normal((count, len(latent)))
        moved = self.space.back((np.sqrt(1 - spread**2) * white + spread * noise).astype(np.float32))
        if itself:
            moved[0] = latent
        return moved

    def hear(self, samples: Samples, rate: int) -> Floats:
        """float32[L]: the latent of float32[C, N], of its beginning where it is longer than a piece."""
        peak = float(np.abs(samples).max(initial=0.0))
        levelled = np.asarray(samples * (0.8 / max(peak, 1e-6)), np.float32)
        return heard(self.model, levelled, rate, self.wish.seed)

    # -- pieces ------------------------------------------------------------------------------------------

    def pieces(self, latents: Floats, throughout: bool, ahead: int = 0) -> Iterator[Piece]:
        """What float32[N, L] sound like, in their order, made as they are asked for; ``throughout`` asks for
        sound from beginning to end. ``ahead`` blocks of them are drawn on other cores meanwhile."""
        import torch

        z = torch.from_numpy(np.ascontiguousarray(latents, np.float32))
        rows = BLOCK if self.wish.kind == "bed" or self.wish.choosing < 2 else FEW
        blocks = [z[at : at + rows] for at in range(0, len(z), rows)]
        coming: deque[Future[Tensor]] = deque()
        around = self.shape.loop
        for place, block in enumerate(blocks):
            while len(coming) <= min(ahead, len(blocks) - place - 1):
                coming.append(self._drawn(blocks[place + len(coming)], rows, bool(ahead)))
            mels, quick = coming.popleft().result(), self.model.vocoder is not None
            for row, mel in enumerate(mels.numpy()):
                own = mel[0, : self.shape.bands]  # of stereo the middle, which holds most of it
                score = sustain(own, throughout)
                make = partial(_voiced, self.model, mels[row][None])
                known = own if self._every else None
                tones = partial(tones_of, own, self.shape) if self.wish.choosing >= 2 else None
                latent = block[row].numpy()
                yield Piece(latent, self.shape.rate, make, score, around, known, quick, tones, self._every)

    def _drawn(self, block: Tensor, rows: int, beside: bool) -> Future[Tensor]:
        told = None if self._told is None else self._told.expand(len(block), -1)
        work = partial(self.model.decode, block, told, rows)
        return self.cores.submit(work) if beside else done(work)

    @property
    def _every(self) -> int:
        """How many of its frames are one of those that beats are measured in; 0 where that is no number."""
        from mmstudio.features.sounds.rhythm import FRAMES_PER_SECOND

        shape = self.shape
        if self.wish.choosing < 3:
            return int((shape.rate, shape.hop, shape.bands) == (22_050, 512, 128))
        times = shape.rate / shape.hop / FRAMES_PER_SECOND
        return round(times) if abs(times - round(times)) < 1e-3 else 0


def sustain(mel: NDArray[np.float32], throughout: bool) -> float:
    """1 or more where a spectrogram float32[bands, frames] in [-1, 1] sounds: its loudest tones, in the
    quietest eighth if asked; 0 for what is no spectrogram."""
    if not np.isfinite(mel).all():
        return 0.0
    tones = np.percentile(mel, 90, axis=0)  # per frame
    if not throughout:
        return float((tones.max() + 1) / 0.7)
    eighths = [part.mean() for part in np.array_split(tones[: int(0.85 * len(tones))], 8)]
    return float((min(eighths) + 1) / 0.7)


def tones_of(mel: NDArray[np.float32], shape: SoundShape) -> NDArray[np.float32]:
    """float32[12] of a spectrogram float32[bands, T] in [-1, 1]: about the :func:`measure.chroma_of` of what
    it sounds like (correlation .997 in the middle of 33 of the starter's, .98 at the least), from every
    fourth frame."""
    from mmstudio.features.sounds.filters import chroma_filters
    from mmstudio.learning.engine.playing import magnitudes

    power = np.square(magnitudes(np.ascontiguousarray(mel[:, ::_SKIPPED]), shape))
    whole = power.sum(axis=1)
    loud = whole > max(float(whole.max(initial=0.0)) * 1e-4, 1e-9)
    if not np.isfinite(whole).all() or not loud.any():
        return np.zeros(12, np.float32)
    classes = power[loud] @ chroma_filters(shape.rate, shape.frame)
    return np.asarray((classes / np.maximum(classes.max(axis=1, keepdims=True), 1e-30)).mean(axis=0))


def _voiced(model: GenerativeModel, mel: Tensor) -> Samples:
    """float32[C, T] of one spectrogram."""
    return np.asarray(model.voiced(mel)[0].numpy(), np.float32)


def heard(model: GenerativeModel, samples: Samples, rate: int, seed: int) -> Floats:
    """float32[L] of float32[C, N]: by the encoder, else by search (see ``sampling.project``)."""
    if model.encoder is not None:
        found: Floats = model.hear(samples, rate)[0].numpy()
        return found
    import torch

    from mmstudio.generation.sampling import project
    from mmstudio.learning.datasets.waves import fit
    from mmstudio.learning.engine.sound_shape import SoundShape
    from mmstudio.learning.engine.spectra import mel_of
    from mmstudio.media.audio import resample

    shape = SoundShape.of(model.config)
    wave = torch.from_numpy(fit(resample(samples, rate, shape.rate), shape))[None]
    picture = np.rint((mel_of(wave, shape)[0].numpy() + 1) * 127.5).astype(np.uint8)
    near: Floats = project(model, picture, seed)[0].numpy()
    return near
