"""Sound families without a library: train, play and measure on waves; docs/open-door.md shows it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import UsageError
from mmstudio.jobs import JobContext, Progress, run_inline
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import CONFIG, load_config
from mmstudio.learning.datasets.waves import fit
from mmstudio.learning.engine.sound_shape import SoundShape
from mmstudio.learning.families import default_config, family, set_options

if TYPE_CHECKING:
    from mmstudio.learning.engine.registry import GenerativeModel

Waves = NDArray[np.float32]
_AGAIN = 4  # times that what is silent is drawn again
_SILENT = 1e-6  # of power


def train(
    family_name: str,
    sounds: Any,
    rate: int,
    folder: str | Path,
    *,
    shape: SoundShape | None = None,
    loop: bool = False,
    tempo: Any = None,
    key: Any = None,
    held: Any = None,
    steps: int | None = None,
    batch: int | None = None,
    width: int | None = None,
    latent: int | None = None,
    seed: int = 0,
    device: str = "auto",
    options: Mapping[str, float] | None = None,
    base: str | Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> GenerativeModel:
    """Train a sound family into ``folder``; the same call goes on where an earlier one stopped.

    Args:
        family_name: "sound-vae" or "sound-gan".
        sounds: float32 N×C×T in [-1, 1] (C 1 or 2), array or tensor, at ``rate`` Hz.
        shape: anything a network can learn; the nearest usual one to T samples where it is None.
        loop: the sounds go on at their beginning.
        tempo, key: N beats per minute and N keys (0–23), NaN and -1 where they are unknown.
        held: sounds kept out of the training, M×C×T.
        base: the folder of a model to start from; what fits of it is taken.
        width: channels of the networks; options: as in :class:`mmstudio.learning.training.Wish`.

    Raises:
        UsageError: another family, shape, type or option. StudioError: see ``Trainer.run``.
    """
    from mmstudio.learning.engine.checkpoint import load_weights
    from mmstudio.learning.engine.device import pick_device
    from mmstudio.learning.engine.registry import build_task, load_model
    from mmstudio.learning.engine.sound_data import SoundData, to_int16
    from mmstudio.learning.engine.trainer import Trainer
    from mmstudio.learning.nets.vocoder import voice_record

    if family(family_name).modality != "audio":
        raise UsageError("Only families of sounds learn from an array of waves.")
    given, folder = as_waves(sounds), Path(folder)
    if (folder / CONFIG).is_file():
        config = load_config(folder)
        config.steps = max(config.steps, steps or 0)
    else:
        config = default_config(family_name, folder.name, steps=steps, batch=batch, seed=seed)
        if width is not None:
            config.widths = [width] * len(config.widths)
        config.latent = latent or config.latent
        seconds = min(12.0, max(1.0, given.shape[2] / rate))
        usual = 44_100 if rate > 33_000 else 22_050
        found = shape or SoundShape.for_seconds(seconds, usual, given.shape[1], loop)
        config.parts = {"sound": found.as_json()}
        config.condition = Conditions(tempo=tempo is not None, key=key is not None).as_json()
        set_options(config, options or {})
    own = SoundShape.of(config)
    waves = to_int16(fitted(given, rate, own))
    kept = None if held is None else to_int16(fitted(as_waves(held), rate, own))
    conditions = Conditions.of(config.condition)
    rows = None
    if conditions.width:
        rows = np.stack([_row(conditions, tempo, key, i) for i in range(len(waves))])
    folder.mkdir(parents=True, exist_ok=True)
    config.trained |= {"examples": len(waves)}
    config.save(folder)
    where = pick_device(device)
    data = SoundData(waves, config.seed, conditions=rows, held=kept)
    task = build_task(config, where)
    trainer = Trainer(folder, config, task, data, resume=True)
    if base is not None and trainer.step == 0:
        task.start_from(load_weights(Path(base)))
    run_inline(lambda context: _run(trainer, context), on_progress=on_progress)
    config.trained |= {"steps": trainer.step, "seen": trainer.seen, "device": where.type}
    config.trained["voice"] = voice_record(load_weights(folder))
    config.save(folder)
    return load_model(folder, where)


def _run(trainer: Any, context: JobContext) -> Generator[Progress, None, None]:
    yield from trainer.run(context)


def _row(conditions: Conditions, tempo: Any, key: Any, index: int) -> NDArray[np.float32]:
    beat = None if tempo is None or not np.isfinite(tempo[index]) else float(tempo[index])
    tone = None if key is None or key[index] < 0 else int(key[index])
    return conditions.row(tempo=beat, key=tone)


def sample(
    model: GenerativeModel, count: int, seed: int = 0, *, tempo: float | None = None, key: int | None = None
) -> Waves:
    """``count``×C×samples float32 in [-1, 1] at ``model.sound.rate``; what is silent (below -60 dB) is drawn
    again, four times at the most."""
    import torch

    random, conditions = torch.Generator().manual_seed(seed), model.conditions
    row = torch.from_numpy(conditions.row(tempo=tempo, key=key)) if conditions.width else None

    def drawn(some: int) -> Waves:
        told = None if row is None else row.expand(some, -1)
        return np.asarray(model.waves(model.draw(some, random), told).numpy())

    made = drawn(count)
    for _ in range(_AGAIN):
        silent = np.flatnonzero(np.square(made, dtype=np.float64).mean(axis=(1, 2)) < _SILENT)
        if not len(silent):
            break
        made[silent] = drawn(len(silent))
    return made


def measure(
    model: GenerativeModel, sounds: Any, rate: int, held: Any = None, *, samples: int = 0, seed: int = 0
) -> dict[str, float | str]:
    """Figures of what the model plays against what it learned from and held-out sounds (float32 N×C×T at
    ``rate`` Hz); see :func:`mmstudio.learning.evaluation.sounds.measuring_sounds`."""
    from mmstudio.learning.evaluation.sounds import measuring_sounds

    shape = model.sound
    if shape is None:
        raise UsageError("That model makes no sounds.")
    real = fitted(as_waves(sounds), rate, shape)
    kept = real[:0] if held is None else fitted(as_waves(held), rate, shape)
    return dict(run_inline(lambda _context: measuring_sounds(model, real, kept, samples, seed)))


def fitted(waves: Waves, rate: int, shape: SoundShape) -> Waves:
    """N×C×T at ``rate`` → N×C×samples in the shape; loops repeated, others followed by silence, long ones
    cut, each at the level of the training."""
    from mmstudio.media.audio import resample

    return np.stack([fit(resample(wave, rate, shape.rate), shape) for wave in waves])


def as_waves(sounds: Any) -> Waves:
    """N×C×T float (array or tensor) → float32; NaN and infinities become 0.

    Raises:
        UsageError: another shape or type, or none at all.
    """
    waves = np.asarray(sounds)
    if waves.ndim != 3 or waves.shape[1] not in (1, 2) or waves.dtype.kind != "f" or not waves.size:
        raise UsageError(
            "Sounds must be float32 in the shape N×C×T with one or two channels, not {found}.",
            hint="Scale integers to −1…1 and pad sounds of different lengths with zeros.",
            found=f"{waves.dtype} {'×'.join(map(str, waves.shape))}",
        )
    return np.nan_to_num(waves.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
