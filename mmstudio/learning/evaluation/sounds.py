"""Figures of sounds: what a model plays against what it learned from, by ear rather than by pixel.

The Fréchet and kernel distances are taken in the columns of "sound-shape" (pitch classes, brightness, noise,
onsets, tempo, loudness: ``features.sounds.shape``), standardised by the real sounds, and named so. They are
no FAD, which means VGGish and its protocol (Kilgour et al., "Fréchet audio distance", Interspeech 2019).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.features.sounds.clicks import clicks
from mmstudio.features.sounds.seam import seam_decibel
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.evaluation import copying, metrics
from mmstudio.learning.evaluation.examples import reading
from mmstudio.learning.evaluation.report import Figure

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.learning.service import Trainings

FEATURES = "sound-shape"
AGAIN = 64  # sounds played again
MOST = 256  # sounds of a side that are compared
_CHUNK = 8
_LEAST = 0.05  # of octaves, decibels or shares
_DECIBELS = 55.0  # of one unit of a spectrogram
Waves = NDArray[np.float32]


def shape_rows(waves: Waves, rate: int) -> NDArray[np.float64]:
    """N×C×T → N×D in :data:`FEATURES`; what says nothing of a sound (silence has no pitch) is 0."""
    from mmstudio.features.sounds.hearing import Sound
    from mmstudio.features.sounds.shape import describe, gaps

    rows = np.stack([describe(Sound([np.ascontiguousarray(wave)], rate)) for wave in waves])
    return np.nan_to_num(np.where(gaps(rows), 0.0, rows).astype(np.float64), posinf=0.0, neginf=0.0)


def measuring_sounds(
    model: GenerativeModel, train: Waves, held: Waves, samples: int = 0, seed: int = 0
) -> Generator[Progress, None, dict[str, Figure]]:
    """Measure a model of sounds against N×C×T float32 at its own rate and shape.

    Args:
        samples: sounds played; 0: as many as there are training sounds, from 16 to 128.

    Returns:
        audio_features (the network's name), audio_frechet_distance and audio_kernel_distance (times 1000) of
        what it plays to the training sounds, the same of the held-out ones as real_…, audio_nearest_ratio
        (distance to the nearest training sound over the usual one), level, clipping, clicks (a minute) and
        silence of what it plays, seam_db of a model of loops, and, of a family with an encoder,
        mel_distance_db, stft_distance and spectral_convergence of held-out sounds (training sounds where none
        are) played again.
    """
    shape = model.sound
    if shape is None:
        raise TypeError(f"{model.config.family} makes no sounds")
    train, held = train[:MOST], held[:MOST]
    count = samples or max(16, min(128, len(train)))
    made = yield from _played(model, count, seed)
    figures: dict[str, Figure] = {"audio_features": FEATURES, "audio_samples": float(count)}
    figures |= quality(made)
    figures["clicks"] = clicks_a_minute(made[:AGAIN], shape.rate, shape.loop)
    if shape.loop:
        figures["seam_db"] = seam_db(made[:AGAIN], shape.rate, seed)
    rows = []
    for waves in (train, held, made):
        yield Progress(0, None, tr("Listening to sounds"))
        rows.append(shape_rows(waves, shape.rate) if len(waves) else np.zeros((0, 1)))
    figures |= set_distances(*rows)
    if model.encoder is not None:
        kept = held if len(held) else train
        figures |= yield from _again(model, kept[:AGAIN])
        figures["played_again"] = "held-out sounds" if len(held) else "training sounds"
    return figures


def set_distances(
    train: NDArray[np.float64], held: NDArray[np.float64], made: NDArray[np.float64]
) -> dict[str, Figure]:
    """Fréchet and kernel distances and the nearest-sound ratio of rows; {} below four training sounds."""
    if len(train) < 4 or len(made) < 4:
        return {}
    centre, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.maximum(spread, _LEAST)  # a column in which all real sounds agree does not outweigh the rest
    train, made = (train - centre) / spread, (made - centre) / spread
    held = (held - centre) / spread if len(held) else held
    reduce = metrics.Reduction.of(train, min(16, len(train) // 2))
    figures: dict[str, Figure] = {
        "audio_frechet_distance": metrics.frechet_distance(reduce(train), reduce(made)),
        "audio_frechet_in": f"{reduce.directions.shape[1]} principal components",
        "audio_kernel_distance": 1000 * metrics.kernel_distance(train, made),
    }
    if len(held) >= 4:
        figures["real_audio_frechet_distance"] = metrics.frechet_distance(reduce(train), reduce(held))
        figures["real_audio_kernel_distance"] = 1000 * metrics.kernel_distance(train, held)
    space = copying.space(train, held, made)
    if space.usual > 1e-6:
        figures["audio_nearest_ratio"] = float(np.median(space.ratios()))
    return figures


def quality(waves: Waves) -> dict[str, Figure]:
    """How N×C×T in [-1, 1] sound on their own: level_db (RMS of the median sound, 0 is full scale), clipping
    (share of samples at full scale), offset (the largest mean), silent (share of sounds below −60 dB)."""
    flat = waves.reshape(len(waves), -1).astype(np.float64)
    level = 10 * np.log10(np.square(flat).mean(axis=1).clip(1e-12))
    return {
        "level_db": float(np.median(level)),
        "clipping": float((np.abs(flat) >= 0.9999).mean()),
        "offset": float(np.abs(waves.mean(axis=2)).max()),
        "silent": float((level < -60).mean()),
    }


def seam_db(waves: Waves, rate: int, seed: int = 0) -> float:
    """The median over loops (N×C×T) of :func:`features.sounds.seam.seam_decibel`: below -20 nobody hears the
    seam."""
    return float(np.median([seam_decibel(wave, rate, np.random.default_rng(seed)) for wave in waves]))


def clicks_a_minute(waves: Waves, rate: int, loop: bool = False) -> float:
    """Clicks in a minute of N×C×T (:mod:`features.sounds.clicks`); where a sound begins and ends does not
    count, being faded when it is finished, except where a loop runs into its beginning."""
    edge, size, found = round(0.002 * rate), waves.shape[2], 0
    for wave in waves:
        places = clicks(wave, rate, around=loop)
        found += len(places) if loop else int(((places > edge) & (places < size - edge)).sum())
    return float(60 * found / max(len(waves) * size / rate, 1e-9))


def again_figures(made: Tensor, real: Tensor, model: GenerativeModel) -> dict[str, float]:
    """Means over N×C×T of the distances of ``made`` to ``real``."""
    from mmstudio.learning.engine.spectra import mel_of
    from mmstudio.learning.objectives.spectral import spectral_convergence, stft_loss

    shape = model.sound
    assert shape is not None
    ours, theirs = made.mean(dim=1), real.mean(dim=1)
    rows = range(len(real))
    return {
        "mel_distance_db": _DECIBELS * float((mel_of(made, shape) - mel_of(real, shape)).abs().mean()),
        "stft_distance": float(np.mean([float(stft_loss(ours[i : i + 1], theirs[i : i + 1])) for i in rows])),
        "spectral_convergence": float(spectral_convergence(ours, theirs).mean()),
    }


def _played(model: GenerativeModel, count: int, seed: int) -> Generator[Progress, None, Waves]:
    import torch

    random, parts = torch.Generator().manual_seed(seed), []
    z = model.draw(count, random)
    for first in range(0, count, _CHUNK):
        parts.append(model.waves(z[first : first + _CHUNK]).numpy())
        yield Progress(first, count, tr("Playing"))
    return np.concatenate(parts)


def _again(model: GenerativeModel, waves: Waves) -> Generator[Progress, None, dict[str, Figure]]:
    import torch

    from mmstudio.learning.engine.spectra import mel_of

    shape, encoder = model.sound, model.encoder
    assert shape is not None
    assert encoder is not None
    real, made = torch.from_numpy(np.ascontiguousarray(waves)), []
    for first in range(0, len(real), _CHUNK):
        yield Progress(first, len(real), tr("Playing sounds again"))
        with torch.inference_mode():
            mel = mel_of(real[first : first + _CHUNK], shape)
            z = encoder.encode(mel.to(model.device))[0].float().cpu()
        made.append(model.waves(z))
    return dict(again_figures(torch.cat(made), real, model)) if made else {}


def comparing_sounds(
    trainings: Trainings, context: JobContext, a: str, b: str, samples: int = 0, seeds: int = 3
) -> Generator[Progress, None, dict[str, Any]]:
    """Play two models of sounds with the same seeds and measure each against what ``a`` learned from (``b``
    where ``a`` comes from elsewhere), in its own shape; see :func:`evaluation.compare.comparing`."""
    from mmstudio.learning.engine.sound_data import to_waves
    from mmstudio.learning.evaluation.compare import compared, numbers

    own = [name for name in (a, b) if trainings.folder(name).parent == trainings.library.models_dir]
    source = own[0] if own else a
    remembered = load_config(trainings.folder(source)).trained
    found: list[list[dict[str, float]]] = [[], []]
    notes: list[str] = []
    for place, name in enumerate((a, b)):
        config = load_config(trainings.folder(name))
        config.parts = {"sound": SoundShape.of(config).as_json()}
        config.trained = remembered
        examples = yield from reading(trainings, trainings.folder(source), config)
        assert examples.train_waves is not None
        assert examples.held_waves is not None
        train, held = (to_waves(part[:MOST]).numpy() for part in (examples.train_waves, examples.held_waves))
        model = trainings.load(name)
        for seed in range(seeds):
            context.raise_if_cancelled()
            figures = yield from measuring_sounds(model, train, held, samples, seed)
            found[place].append(numbers(figures))
        notes = examples.notes if name == source else notes
    result = yield from compared(trainings, (a, b), found, seeds, FEATURES, notes)
    return result.as_json()
