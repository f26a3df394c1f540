"""The training examples of the shared encoder: each asset with the words that belong to it."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path
from mmstudio.errors import StudioError
from mmstudio.features.texts.words import TextModel, fit_text_model
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.fusion.inputs import (
    FORBIDDEN,
    Labels,
    Parts,
    all_rows,
    any_in_row,
    choose_parts,
    label_rows,
    text_rows,
    usable_assets,
    words_of_assets,
    words_of_items,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library

LEAST = 8  # groups
_HELD_OUT, _LEAST_HELD = 0.15, 2


@dataclass(slots=True)
class Examples:
    """One row per asset (or per item without media).

    Attributes:
        features: modality → float32[N, D]. present: modality → bool[N].
        group: int64[N], rows of one item share a number. held: bool[N], kept for measuring.
        labels: tags and categories. engagement: float32[N], standard scores, NaN where nobody did anything.
        assets: int64[N], 0 where the row is an item alone.
    """

    features: dict[str, NDArray[np.float32]]
    present: dict[str, NDArray[np.bool_]]
    group: NDArray[np.int64]
    held: NDArray[np.bool_]
    labels: Labels
    engagement: NDArray[np.float32]
    assets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.group)

    @property
    def names(self) -> list[str]:
        """The modalities."""
        return list(self.features)

    def mask(self) -> NDArray[np.bool_]:
        """bool[N, M] in the order of ``names``."""
        return np.stack([self.present[name] for name in self.names], axis=1)


def read_examples(
    library: Library, vectors: Vectors, seed: int
) -> Generator[Progress, None, tuple[Examples, Parts, TextModel | None]]:
    """Everything the library has to learn from.

    An asset of an item goes with the item's words, any other with its own title, caption and text; the
    sound track of a video is a partner of its pictures.

    Raises:
        StudioError: no features yet, or too few things to learn from.
    """
    parts = choose_parts(vectors)
    yield Progress(0, None, tr("Reading features"))
    rows = all_rows(vectors, parts)
    assets = usable_assets(library, [*rows, "text"])
    item_of = _items_by_asset(library)
    items = library.items.ids()
    place = {item_id: number for number, item_id in enumerate(items)}
    item_words = words_of_items(library, items)
    yield Progress(0, None, tr("Reading texts"))
    alone = [asset for asset in assets if asset.id not in item_of]
    alone_words = dict(zip([a.id for a in alone], words_of_assets(library, alone), strict=True))
    forbidden = _forbidden(library, item_of)
    with_media = {item_of[a.id] for a in assets if a.id in item_of and a.kind in rows}
    bare = [i for i in items if i not in with_media and i not in forbidden]
    documents = item_words + list(alone_words.values())
    model = fit_text_model(documents, {}) if any(documents) else None
    yield Progress(0, None, tr("Reading features"))
    shown = [a for a in assets if a.kind in rows or (a.kind == "text" and a.id in alone_words)]
    ids = np.array([a.id for a in shown] + [0] * len(bare), np.int64)
    owners = [item_of.get(a.id) for a in shown] + list(bare)
    features: dict[str, NDArray[np.float32]] = {}
    present: dict[str, NDArray[np.bool_]] = {}
    if model is not None:
        said = [
            item_words[place[owner]] if owner is not None else alone_words[int(asset)]
            for owner, asset in zip(owners, ids, strict=True)
        ]
        features["text"] = text_rows(model, said)
        present["text"] = any_in_row(features["text"])
    for modality, known in rows.items():
        features[modality], present[modality] = known.at([int(i) for i in ids])
        present[modality] &= ids > 0
    group = _groups(owners, len(ids))
    keep = any_in_row(np.stack(list(present.values()), axis=1)) if present else np.zeros(len(ids), bool)
    if len(np.unique(group[keep])) < LEAST:
        raise _too_little(bool(rows), len(np.unique(group[keep])))
    tags = library.assets.tags_of([int(i) for i in ids if i])
    categories = {item.id: item.category for item in library.items.get_many(items)}
    labels = label_rows(
        [tags.get(int(i), []) for i, k in zip(ids, keep, strict=True) if k],
        [categories.get(o, "") if o is not None else "" for o, k in zip(owners, keep, strict=True) if k],
        group[keep],
    )
    popularity = _engagement(library)
    engagement = np.array(
        [popularity.get(o, np.nan) if o is not None else np.nan for o in owners], np.float32
    )
    examples = Examples(
        {name: X[keep] for name, X in features.items() if present[name][keep].any()},
        {name: mask[keep] for name, mask in present.items() if mask[keep].any()},
        group[keep],
        hold_out(group[keep], seed),
        labels,
        engagement[keep],
        ids[keep],
    )
    return examples, parts, model


def subset(examples: Examples, rows: NDArray[np.bool_], seed: int) -> Examples:
    """Only some rows, with a held-out part of their own."""
    labels = examples.labels
    return Examples(
        {name: X[rows] for name, X in examples.features.items()},
        {name: mask[rows] for name, mask in examples.present.items()},
        examples.group[rows],
        hold_out(examples.group[rows], seed),
        Labels(labels.names, labels.Y[rows], labels.known[rows]),
        examples.engagement[rows],
        examples.assets[rows],
    )


def hold_out(group: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """bool[N]: about a seventh of the groups, at least two."""
    known = np.unique(group)
    count = min(400, max(_LEAST_HELD, round(_HELD_OUT * len(known))))
    chosen = np.random.default_rng([seed, 77]).permutation(known)[:count]
    held: NDArray[np.bool_] = np.isin(group, chosen)
    return held


def save_examples(path: Path, examples: Examples) -> None:
    """Keep the examples beside the model, so that a resumed training sees the very same."""
    from safetensors.numpy import save_file

    tensors: dict[str, NDArray[Any]] = {f"features.{name}": X for name, X in examples.features.items()}
    tensors |= {f"present.{name}": mask for name, mask in examples.present.items()}
    tensors |= {
        "group": examples.group,
        "held": examples.held,
        "labels": examples.labels.Y,
        "known": examples.labels.known,
        "engagement": examples.engagement,
        "assets": examples.assets,
    }
    head = {"names": json.dumps(examples.names), "labels": json.dumps(examples.labels.names)}
    with atomic_path(path) as temporary:
        save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, str(temporary), metadata=head)


def load_examples(path: Path) -> Examples | None:
    """Back from :func:`save_examples`; None where there are none or they are cut."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(str(path), framework="numpy") as file:
            head = file.metadata()
            get = file.get_tensor
            names = json.loads(head["names"])
            return Examples(
                {name: get(f"features.{name}") for name in names},
                {name: get(f"present.{name}") for name in names},
                get("group"),
                get("held"),
                Labels(json.loads(head["labels"]), get("labels"), get("known")),
                get("engagement"),
                get("assets"),
            )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None


def _items_by_asset(library: Library) -> dict[int, int]:
    """asset → the first item that shows or plays it; reviews and texts of items stay on their own."""
    found: dict[int, int] = {}
    for item_id in library.items.ids():
        for link in library.items.assets_of(item_id):
            found.setdefault(link.asset_id, item_id)
    return found


def _forbidden(library: Library, item_of: dict[int, int]) -> set[int]:
    """Items of which every asset is forbidden for training."""
    rights: dict[int, list[bool]] = {}
    for asset in library.assets.get_many(list(item_of)):
        rights.setdefault(item_of[asset.id], []).append(asset.rights in FORBIDDEN)
    return {item_id for item_id, each in rights.items() if all(each)}


def _groups(owners: Sequence[int | None], count: int) -> NDArray[np.int64]:
    """Items by their number, every other row a group of its own."""
    most = max((owner for owner in owners if owner is not None), default=0)
    return np.array([o if o is not None else most + 1 + i for i, o in enumerate(owners)], np.int64)[:count]


def _engagement(library: Library) -> dict[int, float]:
    """item → how much people did with it: the logarithm of its summed weights, as a standard score."""
    seen = library.audiences.interactions()
    if not len(seen.item):
        return {}
    items, which = np.unique(seen.item, return_inverse=True)
    total = np.log1p(np.maximum(np.bincount(which, weights=seen.weight), 0.0))
    if len(items) < 10 or total.std() < 1e-6:
        return {}
    scores = (total - total.mean()) / total.std()
    return {int(item): float(score) for item, score in zip(items, scores, strict=True)}


def _too_little(has_features: bool, count: int) -> StudioError:
    if not has_features and not count:
        return StudioError(
            "There are no features to learn from yet.", hint="Extract features first, then train."
        )
    return StudioError(
        "Too few different things to learn from: {n}, and a shared vector needs {least}.",
        hint="Import more media or items, then extract features and train.",
        n=count,
        least=LEAST,
    )
