"""Models without a library: train, draw and measure on an array of pictures. docs/open-door.md shows it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import UsageError
from mmstudio.jobs import JobContext, Progress, run_inline
from mmstudio.learning.config import CONFIG, load_config
from mmstudio.learning.datasets.shapes import to_square
from mmstudio.learning.families import default_config, default_widths, family, set_options

if TYPE_CHECKING:
    from mmstudio.learning.engine.registry import GenerativeModel

Found = TypeVar("Found")


def train(
    family_name: str,
    pictures: Any,
    folder: str | Path,
    *,
    size: int = 64,
    steps: int | None = None,
    batch: int | None = None,
    width: int | None = None,
    seed: int = 0,
    device: str = "auto",
    held: Any = None,
    options: Mapping[str, float] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> GenerativeModel:
    """Train a picture family into ``folder``; the same call goes on where an earlier one stopped.

    Args:
        family_name: "image-gan", "image-gan-plain" or "image-vae".
        pictures: uint8 N×3×H×W, array or tensor; brought to ``size`` by a centre crop.
        folder: becomes a model folder (config.json, weights, metrics.jsonl, samples) that "models add" takes.
        size: pixels per side, 16 to 512. steps, batch, width, options: as in
            :class:`mmstudio.learning.training.Wish`; None is the family's default.
        held: pictures kept out of the training, M×3×H×W; the GAN's augmentation listens to them.

    Raises:
        UsageError: another family, shape, type or option. StudioError: see ``Trainer.run``.
    """
    from mmstudio.learning.engine.data import ArrayData
    from mmstudio.learning.engine.device import pick_device
    from mmstudio.learning.engine.registry import build_task, load_model
    from mmstudio.learning.engine.trainer import Trainer

    if family(family_name).modality != "image":
        raise UsageError("Only families of pictures learn from an array of pictures.")
    folder = Path(folder)
    pixels = as_pixels(pictures, size)
    kept = None if held is None else as_pixels(held, size)
    if (folder / CONFIG).is_file():
        config = load_config(folder)
        config.steps = max(config.steps, steps or 0)
    else:
        config = default_config(family_name, folder.name, size=size, steps=steps, batch=batch, seed=seed)
        if width is not None:
            config.widths = default_widths(size, width)
        set_options(config, options or {})
        if family_name.startswith("image-gan"):
            config.options.setdefault("colour", float(len(pixels) < 1000))
    folder.mkdir(parents=True, exist_ok=True)
    config.trained |= {"examples": len(pixels)}
    config.save(folder)
    where = pick_device(device)
    data = ArrayData(pixels, config.seed, config.options.get("flip", 0.0) > 0, held=kept)
    trainer = Trainer(folder, config, build_task(config, where), data, resume=True)
    run_inline(lambda context: _run(trainer.run, context), on_progress=on_progress)
    config.trained |= {"steps": trainer.step, "seen": trainer.seen, "device": where.type}
    config.save(folder)
    return load_model(folder, where)


def _run(
    run: Callable[[JobContext], Generator[Progress, None, Found]], context: JobContext
) -> Generator[Progress, None, Found]:
    return (yield from run(context))


def sample(model: GenerativeModel, count: int, seed: int = 0) -> NDArray[np.uint8]:
    """``count``×3×S×S uint8; picture i of a seed is the same for any count."""
    from mmstudio.learning.evaluation.drawing import drawing

    return np.concatenate(list(drawing(model, count, seed)))


def measure(
    model: GenerativeModel, pictures: Any, held: Any = None, *, samples: int = 0, seed: int = 0
) -> dict[str, float | str]:
    """Figures of what the model draws against what it learned from (uint8 N×3×H×W), and held-out pictures.

    What they mean: :data:`mmstudio.learning.evaluation.report.MEASURES`; "features" names the network.
    """
    from mmstudio.learning.evaluation.examples import Examples
    from mmstudio.learning.evaluation.service import measuring

    size = model.config.size
    real = as_pixels(pictures, size)
    kept = real[:0] if held is None else as_pixels(held, size)
    examples = Examples(real, [0] * len(real), kept, [0] * len(kept))
    found = run_inline(lambda _context: measuring(model, examples, samples, seed))
    return dict(found.figures)


def measure_pictures(drawn: Any, pictures: Any, *, size: int = 64) -> dict[str, float | str]:
    """The same figures of pictures from anywhere (uint8 M×3×H×W) against N×3×H×W real ones, both brought to
    ``size``: those that need no model."""
    from mmstudio.learning.evaluation.networks import picture_features
    from mmstudio.learning.evaluation.service import Ruler, set_figures

    ruler = Ruler(*picture_features())
    real = run_inline(lambda _context: ruler.measuring(as_pixels(pictures, size), ""))
    made = run_inline(lambda _context: ruler.measuring(as_pixels(drawn, size), ""))
    return {"features": ruler.name} | set_figures(real, made)


def as_pixels(pictures: Any, size: int) -> NDArray[np.uint8]:
    """N×3×H×W uint8 (array or tensor) → N×3×size×size uint8.

    Raises:
        UsageError: another shape or type, or none at all.
    """
    pixels = np.asarray(pictures)
    if pixels.ndim != 4 or pixels.shape[1] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise UsageError(
            "Pictures must be uint8 in the shape N×3×H×W, not {found}.",
            hint="Scale floats to 0–255 and convert them; repeat grey pictures three times.",
            found=f"{pixels.dtype} {'×'.join(map(str, pixels.shape))}",
        )
    if pixels.shape[2:] == (size, size):
        return pixels
    whole = (Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))) for picture in pixels)
    return np.stack([to_square(picture, size) for picture in whole])
