"""A joint model without a library: train on a dict of arrays and masks, draw any part from any others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.jobs import JobContext, Progress, run_inline
from mmstudio.learning.config import CONFIG, load_config
from mmstudio.learning.families import default_config, set_options
from mmstudio.learning.joint.parts import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.learning.joint.model import JointModel


def train(
    arrays: Mapping[str, Any],
    folder: str | Path,
    *,
    present: Mapping[str, Any] | None = None,
    held: Mapping[str, Any] | None = None,
    objective: str = "mvtcae",
    latent: int = 64,
    steps: int | None = None,
    batch: int | None = None,
    width: int = 16,
    seed: int = 0,
    device: str = "auto",
    options: Mapping[str, float] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> JointModel:
    """Train a joint model into ``folder``; the same call goes on where an earlier one stopped.

    Args:
        arrays: modality → N rows, array or tensor: uint8 N×C×S×S (pictures, spectrograms; S a power of two
            from 8 to 128), whole numbers N×T from 0 (tokens, labels), bool N×D (bits) or float N×D.
        present: modality → bool N, which rows are there; all where it is None.
        held: rows that no step learns from; the samplers are scored by them.
        objective: "mvtcae", "mmvae+" or "mopoe"; ``options={"flow": 0}`` leaves the learned conditional prior
            out and gives the objective as it was published.

    Raises:
        UsageError: nothing to learn from, arrays of other shapes or lengths, an unknown objective or option.
        StudioError: see ``Trainer.run``.
    """
    from mmstudio.learning.engine.device import pick_device
    from mmstudio.learning.engine.registry import build_task
    from mmstudio.learning.engine.set_data import SetData
    from mmstudio.learning.engine.trainer import Trainer
    from mmstudio.learning.joint.model import load_joint

    folder = Path(folder)
    rows = {name: as_rows(name, array) for name, array in arrays.items()}
    if not rows or len({len(array) for array in rows.values()}) != 1 or not len(next(iter(rows.values()))):
        raise UsageError("Every modality needs the same number of rows, at least one.")
    masks = _masks(rows, present)
    kept = None if held is None else {name: as_rows(name, held[name]) for name in rows if name in held}
    if (folder / CONFIG).is_file():
        config = load_config(folder)
        config.steps = max(config.steps, steps or 0)
    else:
        config = default_config("joint", folder.name, size=64, steps=steps, batch=batch, seed=seed)
        config.latent, config.widths = latent, [width]
        parts = [part_of(name, array) for name, array in rows.items()]
        config.parts = {"objective": objective, "modalities": [part.as_json() for part in parts]}
        set_options(config, options or {})
    folder.mkdir(parents=True, exist_ok=True)
    config.trained |= {"examples": len(next(iter(rows.values())))}
    config.save(folder)
    where = pick_device(device)
    data = SetData(rows, masks, config.seed, held=kept)
    trainer = Trainer(folder, config, build_task(config, where), data, resume=True)

    def work(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        return (yield from trainer.run(context))

    run_inline(work, on_progress=on_progress)
    config.trained |= {"steps": trainer.step, "seen": trainer.seen, "device": where.type}
    config.save(folder)
    return load_joint(folder, where)


def draw(
    model: JointModel,
    given: Mapping[str, Any],
    want: list[str] | None = None,
    *,
    count: int = 1,
    seed: int = 0,
    temperature: float = 1.0,
    present: Mapping[str, Any] | None = None,
) -> dict[str, NDArray[Any]]:
    """Modality → rows that go with the rows given: one set a row; ``count`` whole sets where nothing is.

    Raises:
        UsageError: an unknown modality, or rows that it cannot be.
    """
    if not given:
        made = model.unconditional_arrays(count, seed)
        return {name: made[name] for name in want or made}
    rows = {name: as_rows(name, array) for name, array in given.items()}
    wanted = want or [name for name in model.modalities if name not in given]
    return model.generate_arrays(rows, wanted, seed, temperature, _masks(rows, present))


def as_rows(name: str, array: Any) -> NDArray[Any]:
    """An array or tensor in a kind that can be learned. Raises UsageError for another."""
    rows = np.asarray(array.numpy() if hasattr(array, "numpy") else array)
    if rows.dtype == np.bool_:
        rows = rows.astype(np.float32)
    square = rows.ndim == 4 and rows.shape[2] == rows.shape[3] and rows.shape[2] in (8, 16, 32, 64, 128)
    if rows.dtype == np.uint8 and square:
        return rows
    if rows.ndim == 2 and rows.dtype != np.uint8 and np.issubdtype(rows.dtype, np.integer):
        if int(rows.min(initial=0)) >= 0:
            return rows
    elif rows.ndim == 2 and np.issubdtype(rows.dtype, np.floating) and np.isfinite(rows).all():
        return rows.astype(np.float32)
    raise UsageError(
        "The rows of “{name}” cannot be learned.",
        hint="Give uint8 N×C×S×S with S from 8 to 128, whole numbers N×T from 0, bool N×D or float N×D.",
        name=name,
    )


def part_of(name: str, rows: NDArray[Any]) -> Part:
    """How a joint model sees these rows."""
    if rows.dtype == np.uint8:
        return Part(name, "picture", rows.shape[1:])
    if np.issubdtype(rows.dtype, np.integer):
        return Part(name, "tokens", rows.shape[1:], vocabulary=max(2, int(rows.max(initial=0)) + 1))
    binary = bool(np.isin(rows, (0.0, 1.0)).all())
    return Part(name, "bits" if binary else "vector", rows.shape[1:])


def _masks(rows: Mapping[str, NDArray[Any]], present: Mapping[str, Any] | None) -> dict[str, NDArray[Any]]:
    found = {}
    for name, array in rows.items():
        mask = np.asarray((present or {}).get(name, np.ones(len(array), bool)))
        if mask.shape != (len(array),):
            raise UsageError("The mask of “{name}” needs one entry per row.", name=name)
        found[name] = mask.astype(bool)
    return found
