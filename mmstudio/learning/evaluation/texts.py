"""Models of texts measured: what held-out texts cost, how varied the writing is, how much of it is copied."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import write_text
from mmstudio.cleaning.texts import words
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.card import write_card
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.evaluation import text_measures
from mmstudio.learning.evaluation.report import (
    MEASURES,
    Comparison,
    Evaluation,
    Figure,
    Side,
    folder_of,
    store,
)
from mmstudio.learning.texts.copying import CopyIndex
from mmstudio.learning.texts.gather import gather_texts
from mmstudio.learning.texts.passages import sentences_of

if TYPE_CHECKING:
    from pathlib import Path

    from mmstudio.learning.service import Trainings
    from mmstudio.learning.texts.model import TextModel

SAMPLES = 64
SHOWN = 24
MOST = 300  # texts that bits per byte are measured on
COPYING = 1.5  # times the copy rate of held-out real texts from which a sentence warns
_KNOWN = 0.5  # a text of which a foreign model knows so much is none to judge it by
_FEW = 10
_ACTIVE = 0.01  # variance of the posterior mean (Burda et al., "Importance weighted autoencoders", 2016)


@dataclass(slots=True)
class TextExamples:
    """Real texts: learned from and held out; ``learned`` is False for a model that learned from others."""

    train: list[str]
    held: list[str]
    learned: bool = True
    notes: list[str] = field(default_factory=list)


def evaluating_texts(
    trainings: Trainings, context: JobContext, name: str, samples: int = 0, seed: int = 0
) -> Generator[Progress, None, dict[str, Any]]:
    """Measure a text model; see :class:`Evaluation`. The result is kept as for pictures, the samples in
    ``samples.txt`` beside it.

    Raises:
        NotFound, StudioError: no such model, nothing to measure against.
    """
    folder = trainings.folder(name)
    config = load_config(folder)
    model: TextModel = trainings.load_any(name)
    examples = yield from reading_texts(trainings, folder, config, model)
    found = yield from measuring_texts(model, examples.train, examples.held, samples, seed)
    context.raise_if_cancelled()
    figures = _rounded(found.figures)
    result = Evaluation(name, config.family, figures, examples.notes + found.notes, seed=seed)
    if not trainings.library.read_only:
        store(trainings.library, result)
        shown = "\n\n".join(found.written[:SHOWN])
        write_text(folder_of(trainings.library, name) / "samples.txt", shown + "\n")
        if folder.parent == trainings.library.models_dir:
            config.trained["metrics"] = figures
            config.save(folder)
            write_card(folder, config)
    return result.as_json()


def reading_texts(
    trainings: Trainings, folder: Path, config: ModelConfig, model: TextModel
) -> Generator[Progress, None, TextExamples]:
    """The texts of the library as the model saw them: learned from, and held out. Of a model from elsewhere
    all the library's texts that it does not know count as held out.

    Raises:
        StudioError: no texts.
    """
    found = yield from gather_texts(trainings.library, config)
    passages = found.train + found.held
    if folder.parent == trainings.library.models_dir:
        held = set(config.trained.get("held_texts", ()))
        train = [one.text for one in passages if one.digest not in held and _may_know(model, one.text)]
        return TextExamples(train, [one.text for one in passages if one.digest in held])
    texts = [one.text for one in passages if model.copied(one.text).rate < _KNOWN]
    if not texts:
        raise StudioError(
            "There is nothing here to measure “{name}” against.",
            hint="Import texts that it does not know yet.",
            name=config.name,
        )
    note = tr("Measured against this library's texts, not against those it learned from")
    return TextExamples(texts, texts, False, [note])


@dataclass(slots=True)
class MeasuredTexts:
    """Figures, sentences, and what was written."""

    figures: dict[str, Figure]
    notes: list[str]
    written: list[str]


def measuring_texts(
    model: TextModel, train: Sequence[str], held: Sequence[str], samples: int = 0, seed: int = 0
) -> Generator[Progress, None, MeasuredTexts]:
    """Measure a model against real texts; needs no library and writes nothing.

    Args:
        train: texts it learned from. held: texts it did not; may be empty.
        samples: texts written, 0: 64. seed: of the writing.

    Figures (see ``report.MEASURES``): bits_per_byte and perplexity are of ``held``, train_bits_per_byte of as
    many of ``train``; distinct_1 to distinct_3, self_bleu and copy_rate of what it writes, the same with
    "real_" of real texts of the same kind and number of words.
    """
    notes: list[str] = []
    known = _units(model, train)
    new = [text for text in _units(model, held) if text not in set(known)] if held is not train else known
    figures: dict[str, Figure] = {"features": "held-out texts", "examples": len(train)}
    figures |= {"held_out": len(held)}
    if new:
        figures |= yield from _costs(model, new, "")
    else:
        notes.append(tr("No texts were held out: only what it learned from can be measured"))
    if known and known is not new:
        figures |= yield from _costs(model, known, "train_")
    written = yield from _written(model, known or new, samples or SAMPLES, seed)
    figures |= {"samples": len(written), "seed": seed}
    real = new or known
    figures |= sample_figures(model, written, real)
    if len(real) < _FEW:
        notes.append(tr("Only {n} texts to compare with: the figures are rough", n=len(real)))
    notes += _copy_notes(model, figures, written)
    figures = {key: value for key, value in figures.items() if not _is_nan(value)}
    return MeasuredTexts(figures, notes, written)


def sample_figures(model: TextModel, written: Sequence[str], real: Sequence[str]) -> dict[str, float]:
    """What only the writing decides, beside the same of real texts."""
    return figures_of(written, real, model.index)


def figures_of(written: Sequence[str], real: Sequence[str], index: CopyIndex | None) -> dict[str, float]:
    """The same of texts from anywhere; copies are those of ``index``."""
    step = max(1, len(real) // max(1, len(written)))
    real = real[::step][: len(written)]
    count = min(text_measures.word_count(written), text_measures.word_count(real))
    figures: dict[str, float] = {}
    for prefix, texts in (("", written), ("real_", real)):
        for n in (1, 2, 3):
            figures[f"{prefix}distinct_{n}"] = text_measures.distinct(texts, n, count)
        figures[f"{prefix}self_bleu"] = text_measures.self_bleu(texts)
        if index is not None:
            rate, longest, _ = text_measures.copied_share(texts, index)
            figures |= {f"{prefix}copy_rate": rate, f"{prefix}longest_copied": float(longest)}
            if index.words is not None:
                figures[f"{prefix}known_words"] = text_measures.known_share(texts, index)
    return figures


def comparing_texts(
    trainings: Trainings, context: JobContext, a: str, b: str, samples: int = 0, seeds: int = 3
) -> Generator[Progress, None, dict[str, Any]]:
    """Two text models side by side: what texts cost that neither learned from, and what both write with the
    same seeds. A text VAE's bits are an upper bound.

    Raises:
        UsageError: the same model twice. StudioError: no text that neither learned from.
    """
    if a == b:
        raise UsageError("Choose two different models to compare.")
    names, held = (a, b), set[str]()
    train: list[str] = []
    for place, name in enumerate(names):
        folder = trainings.folder(name)
        config = load_config(folder)
        examples = yield from reading_texts(trainings, folder, config, trainings.load_any(name))
        held = set(examples.held) if not place else held & set(examples.held)
        train = train or examples.train
    if not held:
        raise StudioError(
            "There is no text that neither “{a}” nor “{b}” learned from.",
            hint="Import more texts, or train one of them again with the same seed.",
            a=a,
            b=b,
        )
    real = sorted(held)
    sides = []
    for name in names:
        model: TextModel = trainings.load_any(name)
        kept = yield from _costs(model, _units(model, real), "")
        rows = []
        for seed in range(seeds):
            context.raise_if_cancelled()
            written = yield from _written(model, _units(model, real), samples or SAMPLES, seed)
            rows.append(kept | sample_figures(model, written, _units(model, real)))
        sides.append(_side(name, rows))
    better = {key: _better(key, *sides) for key in sides[0].mean if key in sides[1].mean}
    notes = [tr("With one seed there is no spread: a small difference may be chance")] if seeds < 2 else []
    return Comparison(sides[0], sides[1], better, seeds, tr("held-out texts"), notes).as_json()


# -- inside ------------------------------------------------------------------------------------------------


def _units(model: TextModel, texts: Sequence[str]) -> list[str]:
    """What a model writes one of: passages, or sentences for a text VAE."""
    if not model.has_latent:
        return list(texts)
    return list(dict.fromkeys(one for text in texts for one in sentences_of(text)))


def _may_know(model: TextModel, text: str) -> bool:
    """False for a text that came in after the training."""
    copied = model.copied(text)
    return not copied.runs or copied.rate >= _KNOWN


def _costs(
    model: TextModel, texts: Sequence[str], prefix: str
) -> Generator[Progress, None, dict[str, float]]:
    from mmstudio.learning.engine.text_scoring import VaePaid

    some = texts[:: max(1, -(-len(texts) // MOST))]
    paid = None
    for paid in model.paying(some):  # noqa: B007 - the last one is the whole
        yield Progress(0, None, tr("Reading held-out texts") if not prefix else tr("Reading training texts"))
    if paid is None:
        return {}
    figures = {f"{prefix}bits_per_byte": paid.bits_per_byte, f"{prefix}perplexity": paid.perplexity}
    if isinstance(paid, VaePaid) and not prefix and paid.texts:
        figures |= {
            "kl": paid.kl / paid.texts,
            "token_accuracy": paid.right / max(1, paid.tokens),
            "active_units": float(_active(model, some)),
            "rewritten": _rewritten(model, some),
        }
    return figures


def _active(model: TextModel, texts: Sequence[str]) -> int:
    if len(texts) < 2:
        return 0
    return int((model.encode(texts).numpy().var(axis=0, ddof=1) > _ACTIVE).sum())


def _rewritten(model: TextModel, texts: Sequence[str]) -> float:
    """Share of the words of texts that come back in their place when they are written from their latents:
    1 - edit distance / words, not below 0; mean."""
    some = [text for text in texts[:: max(1, len(texts) // 48)] if len(model.bpe.encode(text)) < model.length]
    if not some:
        return math.nan
    again = model.decode(model.encode(some))
    return float(np.mean([_same(one, other) for one, other in zip(some, again, strict=True)]))


def _same(one: str, other: str) -> float:
    a, b = words(one), words(other)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return max(0.0, 1.0 - row[-1] / max(1, len(a)))


def _written(
    model: TextModel, real: Sequence[str], count: int, seed: int
) -> Generator[Progress, None, list[str]]:
    sizes = sorted(len(model.bpe.encode(text)) for text in real[:: max(1, len(real) // 50)])
    longest = max(16, min(120, sizes[int(0.9 * (len(sizes) - 1))] if sizes else 60))
    found: list[str] = []
    for text in model.sample(count, seed, temperature=1.0, top_p=0.95, longest=longest):
        found.append(text)
        yield Progress(len(found), count, tr("Writing texts"))
    return found


def _copy_notes(model: TextModel, figures: dict[str, Figure], written: Sequence[str]) -> list[str]:
    rate, real = float(figures.get("copy_rate", math.nan)), float(figures.get("real_copy_rate", 0.0))
    if model.index is None or math.isnan(rate):
        return []
    notes = []
    if rate > max(0.05, COPYING * (0.0 if math.isnan(real) else real)):
        share, usual = f"{100 * rate:.0f}", f"{100 * real:.0f}"
        notes.append(
            tr(
                "{share} % of the runs of five words it writes stand in its training texts; of real texts "
                "{usual} %",
                share=share,
                usual=usual,
            )
        )
    longest, passage = text_measures.copied_share(written, model.index)[1:]
    if longest >= 2 * model.index.n:
        notes.append(tr("The longest copied run has {n} words: {words}", n=longest, words=passage[:200]))
    return notes


def _side(name: str, rows: list[dict[str, float]]) -> Side:
    keys = [key for key in rows[0] if key in MEASURES and not key.startswith("real_")] if rows else []
    table = {key: np.array([row[key] for row in rows if not math.isnan(row[key])]) for key in keys}
    table = {key: values for key, values in table.items() if len(values)}
    mean = {key: round(float(values.mean()), 4) for key, values in table.items()}
    spread = {
        key: round(float(values.std(ddof=1)), 4) if len(values) > 1 else 0.0 for key, values in table.items()
    }
    return Side(name, mean, spread)


def _better(key: str, a: Side, b: Side) -> str:
    worth = {"low": -1.0, "high": 1.0}.get(MEASURES[key].better)
    if worth is None:
        return ""
    gap = worth * (a.mean[key] - b.mean[key])
    if abs(gap) <= max(a.spread[key], b.spread[key]):
        return ""
    return "a" if gap > 0 else "b"


def _rounded(figures: dict[str, Figure]) -> dict[str, Figure]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}


def _is_nan(value: Figure) -> bool:
    return isinstance(value, float) and math.isnan(value)
