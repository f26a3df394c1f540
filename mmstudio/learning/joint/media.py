"""Media of one example ↔ the row of a part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio import paths
from mmstudio.errors import StudioError, UsageError
from mmstudio.learning.config import CONFIG, ModelConfig, load_config
from mmstudio.learning.joint.parts import Part
from mmstudio.learning.joint.words import Words

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


def to_row(part: Part, value: Any, config: ModelConfig, lower: Any = None) -> NDArray[Any]:
    """1×… of a part from media; see :class:`mmstudio.learning.joint.model.JointModel`.

    Raises:
        UsageError: nothing that this part could be. StudioError: a silent sound, an empty text.
    """
    if part.model and lower is None:
        raise _gone(part)
    if part.name == "image" and part.kind in ("picture", "vector") and _is_picture(value):
        return picture_row(part, np.asarray(value), config, lower)
    if part.name == "audio" and isinstance(value, tuple) and len(value) == 2:
        return sound_row(part, np.asarray(value[0], np.float32), int(value[1]), lower)
    if isinstance(value, str) and part.words is not None:
        return text_row(part, value)
    if isinstance(value, str) and part.model and lower is not None:
        return to_scale(part, lower.encode([value]).numpy())
    if part.labels and not isinstance(value, np.ndarray):
        return labels_row(part, value)
    row = np.asarray(value)
    if row.shape != part.shape:
        raise UsageError(
            "What was given as “{name}” cannot be used.",
            hint="The model wants {wanted} there.",
            name=part.name,
            wanted=_wanted(part),
        )
    return row[None]


def from_row(part: Part, row: NDArray[Any], seed: int = 0, lower: Any = None) -> Any:
    """Media from a row of a part."""
    if part.model and lower is None:
        raise _gone(part)
    if part.name == "image" and part.kind == "picture" and part.shape[0] == 3:
        return np.ascontiguousarray(row.transpose(1, 2, 0))
    if part.name == "image" and part.model:
        import torch

        return lower.pictures(torch.from_numpy(from_scale(part, row[None])))[0]
    if part.name == "audio" and (part.model or part.scale is not None):
        return sound_of(part, row, seed, lower)
    if part.words is not None:
        return Words.of(part.words).decode(row[None])[0]
    if part.name == "text" and part.model:
        import torch

        latent = torch.from_numpy(from_scale(part, row[None]))
        return str(next(iter(lower.decode(latent, seed, 0.0))))
    if part.kind == "bits" and part.labels:
        return [label for label, bit in zip(part.labels, row, strict=True) if bit > 0.5]
    if part.name == "audience" and part.labels:
        return {label: float(weight) for label, weight in zip(part.labels, row, strict=True)}
    return row


def picture_row(part: Part, pixels: NDArray[np.uint8], config: ModelConfig, lower: Any) -> NDArray[Any]:
    """1×3×S×S (or the latent of the model underneath) of uint8 H×W×3."""
    from PIL import Image

    from mmstudio.learning.datasets.shapes import to_square

    image = Image.fromarray(pixels[..., :3])
    if part.model:
        below = lower.config
        square = to_square(image, below.size, below.fit, below.aspect)
        return to_scale(part, lower.encode(square[None]).numpy())
    return to_square(image, part.shape[1], config.fit, config.aspect)[None]


def sound_row(part: Part, samples: NDArray[np.float32], rate: int, lower: Any) -> NDArray[Any]:
    """1×1×S×S (or a latent) of float32 C×T, mono inside, the loudest moment at 0.8.

    Raises:
        StudioError: silence.
    """
    from mmstudio.learning.engine.mel import RATE, to_mel

    wave = np.atleast_2d(samples).mean(axis=0)
    peak = float(np.abs(wave - wave.mean()).max()) if wave.size else 0.0  # an offset is no sound
    if peak < 1e-4:
        raise StudioError("The sound is silent.", hint="Choose another one.")
    if part.model:
        return to_scale(part, lower.hear(np.atleast_2d(samples), rate).numpy())
    if rate != RATE:
        from mmstudio.media.audio import resample

        wave = resample(wave[None], rate, RATE)[0]
    wave = wave - wave.mean()
    mel = to_mel((wave * (0.8 / peak)).astype(np.float32))
    side = part.shape[1]
    step = mel.shape[1] // side
    small = mel.reshape(1, side, step, side, step).astype(np.float32).mean(axis=(2, 4))
    row: NDArray[np.uint8] = small.round().astype(np.uint8)[None]
    return row


def sound_of(part: Part, row: NDArray[Any], seed: int, lower: Any) -> tuple[NDArray[np.float32], int]:
    """(float32[C, T], rate) of a row."""
    import torch
    from torch.nn import functional

    from mmstudio.learning.engine.mel import BANDS, FRAMES, RATE, to_sound

    random = torch.Generator().manual_seed(seed)
    if part.model:
        return lower.waves(torch.from_numpy(from_scale(part, row[None])))[0].numpy(), int(lower.sound.rate)
    small = torch.from_numpy(row.astype(np.float32)).div(127.5).sub(1.0)[None]
    mel = functional.interpolate(small, (BANDS, FRAMES), mode="bilinear", align_corners=False)[0, 0]
    return to_sound(mel, random)[None], RATE


def text_row(part: Part, text: str) -> NDArray[Any]:
    """1×T tokens. Raises StudioError where nothing of the text is known."""
    assert part.words is not None
    row = Words.of(part.words).encode([text])
    if not row.any():
        raise StudioError(
            "The model knows no word or letter of this text.", hint="Write in the language it learned."
        )
    return row


def labels_row(part: Part, value: Any) -> NDArray[np.float32]:
    """1×D of a name, names, or name → weight; names that are not known are left out.

    Raises:
        UsageError: none of them is known.
    """
    if isinstance(value, str):
        value = [value]
    weights = dict(value) if hasattr(value, "keys") else dict.fromkeys(value, 1.0)
    folded = {label.casefold(): index for index, label in enumerate(part.labels)}
    row = np.zeros((1, len(part.labels)), np.float32)
    known = False
    for name, weight in weights.items():
        index = folded.get(str(name).casefold())
        if index is not None:
            row[0, index], known = float(weight), True
    if not known:
        raise UsageError(
            "The model knows none of these: {names}.",
            hint="It knows: {known}.",
            names=", ".join(map(str, weights)),
            known=", ".join(part.labels[:20]),
        )
    return row


def lower_model(folder: Path, part: Part, device: torch.device) -> Any:
    """The single-modality model that a part's latents belong to: beside ``folder``, the user's or a starter.
    None where it is gone: said when it is needed."""
    from importlib import import_module

    from mmstudio.learning.families import family

    for root in (folder.parent, paths.user_models_dir(), paths.starter_models()):
        if (root / part.model / CONFIG).is_file():
            module, _, function = family(load_config(root / part.model).family).loader.partition(":")
            return getattr(import_module(module), function)(root / part.model, device)
    return None


def scale_of(latents: NDArray[np.float32]) -> dict[str, Any]:
    """What brings latents N×L to mean 0 and, taken together, to deviation 1, as JSON.

    One deviation for all of them (ADR 0240): divided by its own, a number that the model underneath hardly
    uses counts as much as one that says what the media show, and both are learned and drawn alike.
    """
    mean = latents.mean(axis=0)
    deviation = max(float(np.sqrt(latents.var(axis=0).mean())), 1e-3)
    return {"mean": [round(float(v), 6) for v in mean], "std": round(deviation, 6)}


def to_scale(part: Part, latents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents as the joint model sees them: mean 0, deviation about 1 over its training sets."""
    scale = part.scale or {"mean": 0.0, "std": 1.0}
    row: NDArray[np.float32] = ((latents - np.asarray(scale["mean"])) / np.asarray(scale["std"])).astype(
        np.float32
    )
    return row


def from_scale(part: Part, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Back from :func:`to_scale`."""
    scale = part.scale or {"mean": 0.0, "std": 1.0}
    back: NDArray[np.float32] = (rows * np.asarray(scale["std"]) + np.asarray(scale["mean"])).astype(
        np.float32
    )
    return back


def _is_picture(value: Any) -> bool:
    return getattr(value, "ndim", 0) == 3 and value.shape[-1] in (3, 4) and value.dtype == np.uint8


def _wanted(part: Part) -> str:
    kinds = {"image": "uint8 H×W×3", "audio": "(float32 C×T, rate)", "text": "str", "tags": "[str]"}
    return kinds.get(part.name, " × ".join(map(str, part.shape)))


def _gone(part: Part) -> StudioError:
    return StudioError(
        "The model “{name}”, which this joint model draws with, is gone.",
        hint="Bring it back, or train the joint model again.",
        name=part.model,
    )
