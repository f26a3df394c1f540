"""Texts as training data of a family; see :class:`FamilyInfo.source`."""

from __future__ import annotations

import random
import shutil
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets.choose import forbidden_now
from mmstudio.learning.rights import inherited
from mmstudio.learning.texts.bpe import TOKENIZER, Bpe, load_bpe, train_bpe
from mmstudio.learning.texts.copying import index_of
from mmstudio.learning.texts.gather import GatheredTexts, as_record, gather_texts
from mmstudio.learning.texts.likeness import save_likeness
from mmstudio.learning.texts.ngram import NGram, count_runs, load_ngram
from mmstudio.learning.texts.passages import sentences_of

if TYPE_CHECKING:
    from mmstudio.learning.engine.text_data import SentenceData, TokenTexts, WindowData
    from mmstudio.learning.engine.text_task import TextJudge
    from mmstudio.learning.service import Trainings

    Data = WindowData | SentenceData

MOST_FOR_VOCABULARY = 2_000_000  # characters that a vocabulary is learned from, spread over all texts


def data(
    trainings: Trainings, folder: Path, config: ModelConfig
) -> Generator[Progress, None, tuple[Data, list[str]]]:
    """The texts of the library as tokens; writes ``tokenizer.json`` and the index of copies beside the model.

    A model that has a vocabulary keeps it; one that starts from another takes that one's.
    """
    library = trainings.library
    notes: list[str] = []
    if "assets" in config.trained and (kept := _load(folder, config)) is not None:
        gone = forbidden_now(library) & {*config.trained["assets"], *config.trained.get("held_assets", ())}
        if not gone:
            return kept, []
        notes.append(tr("forgotten since, so that the data is read anew without them: {n}", n=len(gone)))
    if config.base and "inherited_assets" not in config.trained:
        config.trained["inherited_assets"] = inherited(trainings, config.base)
    found: GatheredTexts = yield from gather_texts(library, config)
    before = config.trained if trainings.has_weights(folder) else None
    config.trained |= as_record(found, before) | {"library": library.id}
    folder.mkdir(parents=True, exist_ok=True)
    if config.base and not (folder / TOKENIZER).is_file():
        shutil.copyfile(trainings.folder(config.base) / TOKENIZER, folder / TOKENIZER)
    made = yield from prepared(
        folder, config, [one.text for one in found.train], [one.text for one in found.held]
    )
    return made, notes + found.notes


def judge(config: ModelConfig, data: Data, device: str) -> TextJudge | None:
    """Measures by what held-out texts cost; None where none is held out."""
    del config, device
    from mmstudio.learning.engine.text_task import TextJudge

    return TextJudge() if len(data.held) else None


def prepared(
    folder: Path, config: ModelConfig, train: Sequence[str], held: Sequence[str]
) -> Generator[Progress, None, Data]:
    """Texts → training data in ``folder``: vocabulary (unless one is there), index of copies, tokens."""
    from mmstudio.learning.engine.text_data import TokenTexts

    order = random.Random(config.seed)
    train = list(train)
    order.shuffle(train)  # files one after the other would make a curriculum of them
    bpe = yield from _vocabulary(folder, config, train)
    config.trained["vocabulary"] = len(bpe)
    yield Progress(0, None, tr("Looking for runs of words"))
    index_of(train).save(folder)
    if config.family == "text-vae":
        train = list(dict.fromkeys(one for text in train for one in sentences_of(text))) or train
        known = set(train)
        held = [one for text in held for one in dict.fromkeys(sentences_of(text)) if one not in known]
        if config.options.get("n_gram"):  # told to leave phrases out, it leaves out words too
            yield Progress(0, None, tr("Looking for words that are used alike"))
            save_likeness(folder, train)
    parts: list[TokenTexts] = []
    for texts in (train, held):
        rows = []
        for place, text in enumerate(texts):
            if place % 100 == 0:
                yield Progress(place, len(texts), tr("Cutting texts into tokens"))
            rows.append(bpe.encode(text))
        parts.append(TokenTexts.of([row for row in rows if row]))
    _save(folder, *parts)
    if longest := int(config.options.get("n_gram", 0)):
        yield Progress(0, None, tr("Counting phrases"))
        if (counted := count_runs(parts[0], longest, len(bpe))) is not None:
            counted.save(folder)
    return made_of(config, bpe, parts[0], parts[1], load_ngram(folder))


def made_of(
    config: ModelConfig, bpe: Bpe, train: TokenTexts, held: TokenTexts, ngram: NGram | None = None
) -> Data:
    """The data a family of texts learns from; ``ngram``: the counted phrases of ``train``, for a writer."""
    from mmstudio.learning.engine.text_data import SentenceData, WindowData

    if config.family == "text-vae":
        return SentenceData(bpe, train, held, int(config.options["length"]), config.seed)
    return WindowData(bpe, train, held, int(config.options["context"]), config.seed, ngram)


def _vocabulary(folder: Path, config: ModelConfig, texts: Sequence[str]) -> Generator[Progress, None, Bpe]:
    if (folder / TOKENIZER).is_file():
        return load_bpe(folder)
    total = sum(map(len, texts))
    step = max(1, -(-total // MOST_FOR_VOCABULARY))
    bpe: Bpe | None = None
    for bpe in train_bpe(texts[::step], int(config.options["vocabulary"])):  # noqa: B007 - the last counts
        yield Progress(0, None, tr("Learning the vocabulary"))
    assert bpe is not None
    bpe.save(folder)
    return bpe


def _save(folder: Path, train: TokenTexts, held: TokenTexts) -> None:
    from mmstudio.learning.engine.data import save_data

    arrays: dict[str, Any] = {"pixels": train.tokens, "held": held.tokens}
    save_data(folder, **arrays, conditions=train.starts, held_conditions=held.starts)


def _load(folder: Path, config: ModelConfig) -> Data | None:
    """Back from :func:`_save`, memory-mapped; None where something is missing."""
    from mmstudio.learning.engine.data import DATA
    from mmstudio.learning.engine.text_data import TokenTexts

    try:
        tokens, held, starts, held_starts = (
            np.load(folder / DATA[name], mmap_mode="r", allow_pickle=False)
            for name in ("pixels", "held", "conditions", "held_conditions")
        )
    except (OSError, ValueError, EOFError):
        return None
    if starts[-1] != len(tokens) or held_starts[-1] != len(held) or not (folder / TOKENIZER).is_file():
        return None
    bpe = load_bpe(folder)
    if config.options.get("n_gram") and load_ngram(folder) is None:
        return None
    parts = TokenTexts(tokens, starts), TokenTexts(held, held_starts)
    return made_of(config, bpe, parts[0], parts[1], load_ngram(folder))
