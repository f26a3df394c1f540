"""One model measured: the job "evaluate"."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.card import write_card
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.evaluation import copying, metrics
from mmstudio.learning.evaluation.drawing import drawing, save_picture, save_sheet, shaped
from mmstudio.learning.evaluation.elbo import elbo_terms
from mmstudio.learning.evaluation.examples import Examples, reading
from mmstudio.learning.evaluation.networks import Features, picture_features
from mmstudio.learning.evaluation.rating import wilson
from mmstudio.learning.evaluation.report import Evaluation, Figure, Nearest, folder_of, store
from mmstudio.learning.families import family

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.learning.service import Trainings

Pairs = list[tuple[Nearest, int]]  # with the row of the training picture
CHUNK = 16
FEW = 50  # pictures below which figures are rough
SHOWN = 24  # nearest pairs that are kept as pictures
FEW_TO_JUDGE = 50  # held-out pictures below which figures against them vary much
AGAIN = 128  # pictures drawn again for the reconstruction figures


@dataclass(slots=True)
class Ruler:
    """A feature network, and where its zero and its unit are: centre and spread of the training pictures.

    Brightness alone then decides nothing, and figures equal those of the judge during the training.
    """

    features: Features
    name: str
    centre: NDArray[np.float64] | None = None
    spread: float = 1.0

    def measuring(
        self, pixels: NDArray[np.uint8], note: str
    ) -> Generator[Progress, None, NDArray[np.float64]]:
        """N×C×S×S uint8 → N×D, in short parts; the first set measured becomes the zero and the unit."""
        found = []
        for first in range(0, len(pixels), CHUNK):
            yield Progress(first, len(pixels), note)
            found.append(self.features(np.ascontiguousarray(pixels[first : first + CHUNK])))
        rows = np.concatenate(found) if found else np.zeros((0, 1))
        if self.centre is None:
            self.centre, self.spread = rows.mean(axis=0), max(float(rows.std(axis=0).mean()), 1e-6)
        return (rows - self.centre) / self.spread if len(rows) else rows


def ruler(config: ModelConfig, device: str) -> Ruler:
    """The network for a kind of model: the one that ships for pictures, thumbnails for sounds."""
    if config.channels == 3:
        return Ruler(*picture_features(device))
    from mmstudio.learning.engine.evaluate import FEATURES, features

    return Ruler(features, FEATURES)


def evaluating(
    trainings: Trainings, context: JobContext, name: str, samples: int = 0, seed: int = 0
) -> Generator[Progress, None, dict[str, Any]]:
    """Measure a model against the pictures it learned from and those held out; see :class:`Evaluation`.

    The result is kept in the model's config and card (of a library's own model) and, with the pictures
    nearest to training pictures, in the library's folder "evaluations".

    Raises:
        NotFound, StudioError: no such model, nothing to measure against. UsageError: a model that draws
        nothing.
    """
    yield Progress(0, None, tr("Preparing"))
    folder = trainings.folder(name)
    config = load_config(folder)
    if config.family == "fused":
        raise UsageError(
            "“{name}” finds and tags; it makes nothing.",
            hint="Choose a model of pictures or sounds.",
            name=name,
        )
    if family(config.family).modality == "text":
        from mmstudio.learning.evaluation.texts import evaluating_texts

        return (yield from evaluating_texts(trainings, context, name, samples, seed))
    if family(config.family).modality == "set":
        from mmstudio.learning.evaluation.joint import evaluating_sets

        return (yield from evaluating_sets(trainings, context, name, samples, seed))
    model = trainings.load(name)
    examples = yield from reading(trainings, folder, config)
    found = yield from measuring(model, examples, samples, seed)
    if examples.train_waves is not None:
        found.figures |= yield from _listening(model, examples, samples, seed)
    context.raise_if_cancelled()
    nearest = [near for near, _row in found.pairs]
    notes = examples.notes + found.notes
    result = Evaluation(name, config.family, _rounded(found.figures), notes, nearest, seed=seed)
    if not trainings.library.read_only:
        _keep(trainings, folder, result, found, examples)
    return result.as_json()


def _listening(
    model: GenerativeModel, examples: Examples, samples: int, seed: int
) -> Generator[Progress, None, dict[str, Figure]]:
    from mmstudio.learning.engine.sound_data import to_waves
    from mmstudio.learning.evaluation.sounds import MOST, measuring_sounds

    assert examples.train_waves is not None
    train = to_waves(_thin(examples.train_waves, MOST)).numpy()
    held = examples.held_waves
    kept = train[:0] if held is None or not len(held) else to_waves(held[:MOST]).numpy()
    return (yield from measuring_sounds(model, train, kept, samples, seed))


def _thin(rows: NDArray[np.int16], most: int) -> NDArray[np.int16]:
    thinned: NDArray[np.int16] = rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)]
    return thinned


@dataclass(slots=True)
class Measured:
    """What :func:`measuring` found: figures, sentences, each drawn picture with its nearest, and the drawn
    pictures (N×C×S×S uint8)."""

    figures: dict[str, Figure]
    notes: list[str]
    pairs: Pairs
    drawn: NDArray[np.uint8]


def measuring(
    model: GenerativeModel, examples: Examples, samples: int = 0, seed: int = 0
) -> Generator[Progress, None, Measured]:
    """Measure a model against real pictures; needs no library and writes nothing.

    Args:
        samples: pictures drawn; 0: as many as there are training pictures, from 64 to 512.
        seed: of the pictures drawn.
    """
    config = model.config
    count = samples or max(64, min(512, len(examples.train)))
    measure = ruler(config, str(model.device))
    train = yield from measure.measuring(examples.train, tr("Looking at training pictures"))
    held = yield from measure.measuring(examples.held, tr("Looking at held-out pictures"))
    drawn = yield from _drawn(model, count, seed)
    made = yield from measure.measuring(drawn, tr("Looking at drawn pictures"))
    figures: dict[str, Figure] = {"features": measure.name, "examples": len(examples.train)}
    figures |= {"held_out": len(examples.held), "samples": count, "seed": seed}
    notes: list[str] = []
    figures |= set_figures(train, made, notes)
    if len(held) >= 4:
        figures |= {f"held_{key}": value for key, value in set_figures(held, made).items() if _told(key)}
    yield Progress(count, count, tr("Looking for copied pictures"))
    pairs: Pairs = []
    if len(examples.train) >= 2:
        mirrored = None
        if config.options.get("flip", 0.0) > 0 and examples.learned:
            turned = np.ascontiguousarray(drawn[..., ::-1])
            mirrored = yield from measure.measuring(turned, tr("Looking for mirrored copies"))
        found, pairs = _copies(examples, drawn, (train, held, made, mirrored))
        figures |= found
        notes += _copy_notes(figures, examples)
    if model.encoder is not None:
        figures |= yield from _again(model, examples)
    figures |= yield from _bounds(model, examples, seed)
    return Measured(figures, notes, pairs, drawn)


def _drawn(model: GenerativeModel, count: int, seed: int) -> Generator[Progress, None, NDArray[np.uint8]]:
    parts: list[NDArray[np.uint8]] = []
    for part in drawing(model, count, seed):
        parts.append(part)
        yield Progress(sum(map(len, parts)), count, tr("Drawing"))
    return np.concatenate(parts)


def set_figures(
    real: NDArray[np.float64], made: NDArray[np.float64], notes: list[str] | None = None
) -> dict[str, Figure]:
    """Everything that compares two sets of rows (N×D, M×D); sentences about few pictures go to ``notes``.

    Kernel distances are times 1000. The Fréchet distance is taken in 64 principal components of the real
    rows (then named so) where there are fewer than twice as many rows as dimensions.
    """
    notes = [] if notes is None else notes
    if len(real) < 4:
        notes.append(tr("Too few examples to compare: {n}", n=len(real)))
        return {}
    if len(real) < FEW:
        notes.append(tr("Only {n} examples to compare with: the figures are rough", n=len(real)))
    half = len(real) // 2
    figures: dict[str, Figure] = {
        "kernel_distance": 1000 * metrics.kernel_distance(real, made),
        "real_kernel_distance": 1000 * metrics.kernel_distance(real[:half], real[half:]),
    }
    few = min(len(real), len(made))
    if few < 2 * real.shape[1]:
        reduce = metrics.Reduction.of(real)
        kept = reduce.directions.shape[1]
        figures["frechet_distance"] = metrics.frechet_distance(reduce(real), reduce(made))
        figures["frechet_in"] = f"{kept} principal components"
        if few < 2 * kept:
            notes.append(tr("The Fréchet distance of {n} examples is too high by chance", n=few))
    else:
        figures["frechet_distance"] = metrics.frechet_distance(real, made)
        figures["frechet_in"] = f"{real.shape[1]} dimensions"
    overlap = metrics.manifolds(real, made)
    figures |= {key: getattr(overlap, key) for key in ("precision", "recall", "density", "coverage")}
    apart = metrics.diversity(real)
    if apart > 1e-6:
        figures["diversity"] = metrics.diversity(made) / apart
    return figures


def _told(key: str) -> bool:
    return key not in ("real_kernel_distance", "frechet_in", "diversity")


def _copies(
    examples: Examples, drawn: NDArray[np.uint8], rows: tuple[Any, Any, Any, Any]
) -> tuple[dict[str, Figure], Pairs]:
    train, held, made, mirrored = rows
    features = copying.space(train, held, made, mirrored)
    small = [copying.shrunk(part) for part in (examples.train, examples.held, drawn)]
    turned = None if mirrored is None else metrics.pixel_rows(small[2][..., ::-1])
    old, new, own = map(metrics.pixel_rows, small)
    pixels = copying.space(old, new, own, turned)
    if features.usual < 1e-6:
        return {}, []
    near = copying.too_near(features, pixels)
    enough = len(examples.held) >= copying.FEW_HELD
    figures: dict[str, Figure] = {
        # As real pictures are compared: not turned. Turned copies count among the copies.
        "nearest_ratio": float(np.median(copying.space(train, held, made).ratios())),
        "pixel_nearest_ratio": float(np.median(copying.space(old, new, own).ratios())),
        "copies": float(near.mean()),
        "real_copies": copying.real_near(features, pixels),
        "nearest_to": "held-out pictures" if enough else "training pictures",
    }
    pairs: Pairs = []
    table = np.stack([features.nearest, features.ratios(), pixels.nearest, pixels.ratios()], axis=1)
    for index in np.argsort(features.nearest, kind="stable").tolist():
        row = int(features.which[index])
        asset = examples.train_assets[row] if examples.learned else 0
        apart, ratio, apart_pixels, ratio_pixels = (round(value, 4) for value in table[index].tolist())
        found = Nearest(index, asset, apart, ratio, apart_pixels, ratio_pixels, bool(near[index]))
        pairs.append((found, row))
    return figures, pairs


def _copy_notes(figures: dict[str, Figure], examples: Examples) -> list[str]:
    if "copies" not in figures or not examples.learned:
        return []
    notes = []
    held = len(examples.held)
    if held == 0:
        notes.append(tr("Nothing was held out: copying is judged by how near training examples are"))
    elif figures["nearest_to"] == "training pictures":
        notes.append(
            tr("Only {n} were held out: copying is judged by how near training examples are", n=held)
        )
    elif held < FEW_TO_JUDGE:
        notes.append(tr("Only {n} were held out: figures against them vary from model to model", n=held))
    found, real, count = (float(figures[key]) for key in ("copies", "real_copies", "samples"))
    if wilson(round(found * count), int(count))[0] > real:
        share = f"{100 * found:.0f}"
        usual = f"{100 * real:.0f}"
        notes.append(
            tr(
                "{share} % of what it makes is nearly a training example; of real ones {usual} %",
                share=share,
                usual=usual,
            )
        )
    return notes


def _again(model: GenerativeModel, examples: Examples) -> Generator[Progress, None, dict[str, Figure]]:
    """How well pictures are drawn again from their own latents."""
    from mmstudio.learning.engine.data import to_bytes

    figures: dict[str, Figure] = {}
    for prefix, pixels in (("", examples.train[:AGAIN]), ("held_", examples.held[:AGAIN])):
        if not len(pixels):
            continue
        made = []
        for first in range(0, len(pixels), CHUNK):
            yield Progress(first, len(pixels), tr("Drawing pictures again"))
            made.append(to_bytes(model.decode(model.encode(pixels[first : first + CHUNK]))))
        again = np.concatenate(made)
        figures[f"{prefix}psnr_db"] = metrics.psnr(again, pixels)
        figures[f"{prefix}ssim"] = metrics.ssim(again, pixels)
    return figures


def _bounds(
    model: GenerativeModel, examples: Examples, seed: int
) -> Generator[Progress, None, dict[str, Figure]]:
    """Terms of the evidence lower bound of a VAE, on held-out pictures where there are enough."""
    if model.encoder is None:
        return {}
    held = len(examples.held) >= copying.FEW_HELD
    yield Progress(0, None, tr("Measuring the evidence bound"))
    found = elbo_terms(model, examples.held if held else examples.train, seed)
    names = {"reconstruction": "elbo_reconstruction", "scale": "elbo_scale", "latent": ""}
    figures: dict[str, Figure] = {names.get(key, key): value for key, value in found.items()}
    figures.pop("", None)
    return figures | {"elbo_of": "held-out pictures" if held else "training pictures"}


def _keep(
    trainings: Trainings, folder: Path, result: Evaluation, found: Measured, examples: Examples
) -> None:
    config = load_config(folder)
    where = folder_of(trainings.library, result.model)
    for place, (near, row) in enumerate(found.pairs[:SHOWN]):
        paths = [
            save_picture(where / f"{place:02d}-{what}.png", shaped(picture, config))
            for what, picture in (("drawn", found.drawn[near.sample]), ("training", examples.train[row]))
        ]
        result.nearest[place] = replace(near, drawn=paths[0], training=paths[1])
    shown = np.stack([shaped(picture, config) for picture in found.drawn[:SHOWN]])
    result.sheet = save_sheet(where / "sheet.png", shown)
    store(trainings.library, result)
    if folder.parent == trainings.library.models_dir:
        config.trained["metrics"] = result.figures
        config.save(folder)
        write_card(folder, config)


def _rounded(figures: dict[str, Figure]) -> dict[str, Figure]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
