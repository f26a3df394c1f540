"""The candidates: everything a ranking needs to know about the items, loaded once per change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.extractors import TEXT
from mmstudio.features.texts.words import tokens
from mmstudio.recommendation.events import Events
from mmstudio.recommendation.methods import placing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features import Features
    from mmstudio.library import Library
    from mmstudio.library.records import Item

_TRANSLATED = ("title_zh", "description_zh")


@dataclass
class Catalogue:
    """Items as rows 0…N−1.

    Attributes:
        ids: int64[N].
        parts: modality → (float32[N,D] rows of length 1 or 0, bool[N]).
        fused: float32[N,D], for likeness between candidates.
    """

    library: Library
    features: Features
    ids: NDArray[np.int64]
    items: list[Item]
    parts: dict[str, tuple[NDArray[np.float32], NDArray[np.bool_]]]
    fused: NDArray[np.float32]
    events: Events
    row: dict[int, int] = field(default_factory=dict)

    @classmethod
    def load(cls, library: Library, features: Features, before: Catalogue | None = None) -> Catalogue:
        """Read items, vectors and interactions; ``before``: as it was, so that little is fitted anew."""
        items = library.items.get_many(library.items.ids())
        ids = np.array([item.id for item in items], np.int64)
        row = {int(i): k for k, i in enumerate(ids)}
        vectors = features.item_vectors()
        place = np.array([row.get(int(i), -1) for i in vectors.ids], np.int64)
        known = place >= 0
        fused = np.zeros((len(ids), vectors.X.shape[1] if vectors.X.ndim == 2 else 0), np.float32)
        fused[place[known]] = vectors.X[known]
        parts: dict[str, tuple[NDArray[np.float32], NDArray[np.bool_]]] = {}
        for name, (columns, present) in vectors.parts.items():
            mask = np.zeros(len(ids), bool)
            mask[place[known]] = present[known]
            if not mask.any():  # a block of zeros for 200,000 items is a gigabyte
                continue
            own = vectors.X[known & present][:, columns]
            norm = np.linalg.norm(own, axis=1, keepdims=True)
            block = np.zeros((len(ids), columns.stop - columns.start), np.float32)
            block[place[known & present]] = np.where(norm > 0, own / np.maximum(norm, 1e-12), 0)
            parts[name] = (block, mask)
        events = Events.of(library.interactions.read(), row, len(ids))
        found = cls(library, features, ids, items, parts, fused, events, row)
        if before is not None:
            from mmstudio.recommendation.refitting import adopt

            adopt(found, before)
        return found

    def rows(self, item_ids: Sequence[int]) -> list[int]:
        """Rows of those ids that are items here."""
        return [self.row[i] for i in item_ids if i in self.row]

    @cached_property
    def tags(self) -> list[frozenset[str]]:
        """Lower-case tags per item: category, attribute values and the tags of its media."""
        assets = self.library.items.asset_ids_by_item()
        named = self.library.assets.tags_of({asset for own in assets.values() for asset in own})
        out = []
        for item in self.items:
            media = [tag for asset in assets.get(item.id, ()) for tag in named.get(asset, ())]
            own = [item.category, *item.category.split(">"), *facts(item)]
            out.append(frozenset(word.strip().lower() for word in (*own, *media) if word.strip()))
        return out

    @cached_property
    def content(self) -> Any:
        """csr float32[N,D]: see :func:`mmstudio.recommendation.methods.placing.content`."""
        return placing.content(self.items, self.tags, self.parts)

    @cached_property
    def facts(self) -> Any:
        """csr float32[N,D]: see :func:`mmstudio.recommendation.methods.placing.facts_of`."""
        return placing.facts_of(self.items, self.tags)

    @cached_property
    def links(self) -> dict[int, list[tuple[int, str]]]:
        """Row → (row it is linked to by the shop, kind of the link)."""
        found: dict[int, list[tuple[int, str]]] = {}
        for link in self.library.items.links():
            here, there = self.row.get(link.item_id), self.row.get(link.linked_id)
            if here is not None and there is not None:
                found.setdefault(here, []).append((there, link.kind))
        return found

    @cached_property
    def rare_facts(self) -> list[frozenset[str]]:
        """Facts per item that at most half of the items share: what makes a likeness worth telling."""
        own = [frozenset(facts(item)) for item in self.items]
        counts: dict[str, int] = {}
        for words in own:
            for word in words:
                counts[word] = counts.get(word, 0) + 1
        limit = max(2, len(own) // 2)
        return [frozenset(word for word in words if counts[word] <= limit) for words in own]

    def brief(self, text: str) -> NDArray[np.float32]:
        """float32[N] cosine of the brief to the items' texts; zeros where texts were not read yet."""
        last: tuple[str, NDArray[np.float32]] | None = self.__dict__.get("_last_brief")
        if last is None or last[0] != text:
            last = text, self._brief(text)
            self.__dict__["_last_brief"] = last
        return last[1]

    def _brief(self, text: str) -> NDArray[np.float32]:
        out = np.zeros(len(self.ids), np.float32)
        model = self.features.vectors.text_model()
        words = tokens(text)
        if model is None or not words or not self.features.vectors.text_ready(model, "item"):
            return out
        space = self.features.vectors.space(TEXT, "item")
        query = model.vectors([words])[0]
        length = float(np.linalg.norm(query))
        if not length:
            return out
        norms = np.maximum(np.linalg.norm(space.raw, axis=1), 1e-12)
        cosine = (space.raw @ query) / (norms * length)
        place = np.array([self.row.get(item_id, -1) for item_id in space.ids.tolist()], np.int64)
        out[place[place >= 0]] = cosine[place >= 0]
        return out


def facts(item: Item) -> list[str]:
    """Short attribute values of an item, lists taken apart: "cotton", "teal"."""
    out = []
    for key, value in item.attributes.items():
        if key in _TRANSLATED or len(value) > 60:
            continue
        out += [word.strip().lower() for word in value.replace("|", ",").replace(";", ",").split(",")]
    # A size or a volume in common ("26 cm") is no likeness.
    return [word for word in out if word and not any(sign.isdigit() for sign in word)]
