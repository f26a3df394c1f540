"""The shared encoder of a library at work: queries, stored vectors, attention, tags. NumPy only."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import write_text
from mmstudio.errors import StudioError
from mmstudio.features.extractors import FUSED, infos
from mmstudio.features.texts.extraction import item_text
from mmstudio.features.texts.words import digest, tokens
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.fusion.forward import Encoded, encode
from mmstudio.learning.fusion.inputs import (
    SOUNDTRACK,
    Rows,
    all_rows,
    any_in_row,
    mean_rows,
    text_rows,
    words_of_assets,
)
from mmstudio.learning.fusion.stored import StoredEncoder, load_encoder
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library
    from mmstudio.library.records import Item, Target

log = logging.getLogger(__name__)
FAMILY = "fused"
_HERO = 2.0  # the picture that shows the item counts twice, as in the unfused vectors
_PAGE = 512
_LEAST_SURE = 0.05  # tags less likely than this are not suggested


class SharedEncoder:
    """Implements :class:`mmstudio.features.contract.Encoder` with the newest model that proved useful."""

    def __init__(self, library: Library, vectors: Vectors) -> None:
        self._library, self._vectors = library, vectors
        self._lock = threading.RLock()
        self._model: tuple[str, StoredEncoder | None] | None = None
        self._rows: tuple[int, str, dict[str, Rows]] | None = None

    # -- which model -------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether there is a trained encoder that was better than doing without."""
        return self._stored() is not None

    @property
    def modalities(self) -> tuple[str, ...]:
        """What it can encode; empty where it is not ready."""
        stored = self._stored()
        return tuple(stored.names) if stored is not None else ()

    def _stored(self) -> StoredEncoder | None:
        row = next(
            (r for r in self._library.models.list() if r.family == FAMILY and r.status == "ready"), None
        )
        mark = f"{row.id} {row.updated_at} {row.steps} {row.metrics.get('used')}" if row is not None else ""
        with self._lock:
            if self._model is None or self._model[0] != mark:
                self._model = (
                    mark,
                    self._load(row.path) if row is not None and row.metrics.get("used") else None,
                )
            return self._model[1]

    def _load(self, place: str) -> StoredEncoder | None:
        try:
            return load_encoder(self._library.path / place)
        except StudioError as error:
            log.warning("the shared encoder is not used: %s", error)
            return None

    # -- queries -----------------------------------------------------------------------------------------

    def embed_text(self, text: str) -> NDArray[np.float32] | None:
        """float32[128] of length 1, or None where no word of the text is known."""
        stored = self._stored()
        if stored is None or stored.text is None:
            return None
        row = text_rows(stored.text, [tokens(text)])
        return self._one(stored, {"text": row}) if row.any() else None

    def embed_vector(self, modality: str, vector: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """float32[128] of a compared vector (length 1) of a modality's first extractor: cnn, mfcc, video-cnn.

        What further extractors would add counts as average. None where the modality or length is not known.
        """
        stored = self._stored()
        if stored is None or modality not in stored.parts or modality not in stored.names:
            return None
        parts = stored.parts[modality]
        at = f"fused.towers.{modality}.centre"
        x = stored.weights[at].copy()
        if vector.shape != (parts[0].dimension,) or not np.isfinite(vector).all():
            return None
        if modality == "video":
            x[:] = vector[: len(x)] / max(float(np.linalg.norm(vector[: len(x)])), 1e-9)
        else:
            x[: len(vector)] = vector / np.sqrt(len(parts))
        return self._one(stored, {modality: x[None]})

    def attention(self, item_id: int) -> dict[str, float]:
        """How much each modality counts in an item's vector, adding up to 1; empty where it has none."""
        stored = self._stored()
        found = self._library.items.get_many([item_id])
        if stored is None or not found:
            return {}
        inputs, mask = self._item_inputs(stored, found)
        if not mask[0].any():
            return {}
        weights = encode(stored.weights, stored.names, inputs, mask).attention[0]
        return {n: float(w) for n, w, here in zip(stored.names, weights, mask[0], strict=True) if here}

    def suggest_tags(self, asset_id: int) -> list[tuple[str, float]]:
        """(tag, calibrated confidence 0…1) of tags it neither carries nor was refused, surest first.

        Nothing for a kind of media of which no example had labels: what a network says of it is a guess.
        """
        stored = self._stored()
        if stored is None or not stored.labels:
            return []
        asset = self._library.assets.get(asset_id)
        if stored.labelled_kinds is not None and asset.kind not in stored.labelled_kinds:
            return []
        made = self._encode_assets(stored, [asset_id])
        if made is None:
            return []
        has = {tag.casefold() for tag in self._library.assets.tags_of([asset_id])[asset.id]}
        sure = stored.platt(made[1].logits[0])
        order = np.argsort(-sure, kind="stable")
        return [
            (stored.labels[i], float(sure[i]))
            for i in order
            if sure[i] >= _LEAST_SURE
            and stored.labels[i].casefold() not in has
            and asset_id not in self._library.assets.refused(stored.labels[i])
        ]

    # -- stored vectors ----------------------------------------------------------------------------------

    def refresh(self, context: JobContext) -> Generator[Progress, None, dict[str, int]]:
        """Bring the set "fused" of assets and items up to date: only what is new, all after a training.

        Returns how many rows were written per target. Without a useful encoder earlier rows go.
        """
        stored = self._stored()
        info = infos()[FUSED]
        written = {"asset": 0, "item": 0}
        targets: tuple[Target, ...] = ("asset", "item")
        if stored is None and all(self._vectors.set_id(info, target) is None for target in targets):
            return written
        for target in targets:
            set_id = self._library.features.ensure_set(
                FUSED, info.version, info.parameters, info.dimension, info.modality, target
            )
            known = [int(i) for i in self._library.features.matrix(set_id)[0]]
            kept = self._library.features.stats(set_id)
            mark = f"encoder {stored.fingerprint if stored is not None else ''}"
            if stored is None or kept is None or kept.fitted_on != mark:
                self._library.features.delete_for(known, target, set_id)
                known = []
            if stored is None:
                continue
            if target == "asset":
                written[target] = yield from self._refresh_assets(stored, set_id, set(known), context)
            else:
                written[target] = yield from self._refresh_items(stored, set_id, set(known), context)
            nothing, ones = np.zeros(info.dimension, np.float32), np.ones(info.dimension, np.float32)
            count = len(self._library.features.matrix(set_id)[0])
            if kept is None or kept.fitted_on != mark or kept.count != count:
                self._library.features.save_stats(set_id, nothing, ones, count, mark)
        return written

    def _refresh_assets(
        self, stored: StoredEncoder, set_id: int, known: set[int], context: JobContext
    ) -> Generator[Progress, None, int]:
        wanted = [i for i in sorted(self._library.assets.ids(AssetFilter())) if i not in known]
        count = 0
        for start in range(0, len(wanted), _PAGE):
            context.raise_if_cancelled()
            yield Progress(start, len(wanted), tr("Encoding media"))
            made = self._encode_assets(stored, wanted[start : start + _PAGE])
            if made is not None:
                count += self._library.features.put_many(set_id, zip(made[0], made[1].vectors, strict=True))
        return count

    def _refresh_items(
        self, stored: StoredEncoder, set_id: int, known: set[int], context: JobContext
    ) -> Generator[Progress, None, int]:
        path = self._library.index_dir / "fused-items.json"
        seen = _read_marks(path, stored.fingerprint)
        ids = self._library.items.ids()
        marks: dict[str, str] = {}
        count = 0
        for start in range(0, len(ids), _PAGE):
            context.raise_if_cancelled()
            yield Progress(start, len(ids), tr("Encoding items"))
            items = self._library.items.get_many(ids[start : start + _PAGE])
            own = {item.id: self._mark(item) for item in items}
            marks |= {str(item_id): mark for item_id, mark in own.items()}
            items = [i for i in items if i.id not in known or seen.get(str(i.id)) != own[i.id]]
            if not items:
                continue
            inputs, mask = self._item_inputs(stored, items)
            has = any_in_row(mask)
            gone = [item.id for item, here in zip(items, has, strict=True) if not here and item.id in known]
            if gone:
                self._library.features.delete_for(gone, "item", set_id)
            if has.any():
                made = encode(stored.weights, stored.names, {n: X[has] for n, X in inputs.items()}, mask[has])
                chosen = [item.id for item, here in zip(items, has, strict=True) if here]
                count += self._library.features.put_many(set_id, zip(chosen, made.vectors, strict=True))
        write_text(path, json.dumps({"fingerprint": stored.fingerprint, "items": marks}))
        return count

    def _mark(self, item: Item) -> str:
        """What an item's vector depends on."""
        rows = self._all_rows()
        media = [
            (link.asset_id, link.role, [name for name, r in rows.items() if r.at([link.asset_id])[1][0]])
            for link in self._library.items.assets_of(item.id)
        ]
        return digest(f"{item_text(item)}\n{media}")

    # -- inside ------------------------------------------------------------------------------------------

    def _one(self, stored: StoredEncoder, inputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        mask = np.array([[name in inputs for name in stored.names]])
        made: NDArray[np.float32] = encode(stored.weights, stored.names, inputs, mask).vectors[0]
        return made

    def _all_rows(self) -> dict[str, Rows]:
        stored = self._stored()
        assert stored is not None
        with self._lock:
            now = self._vectors.generation
            if self._rows is None or self._rows[:2] != (now, stored.fingerprint):
                self._rows = (now, stored.fingerprint, all_rows(self._vectors, stored.parts))
            return self._rows[2]

    def _encode_assets(self, stored: StoredEncoder, ids: Sequence[int]) -> tuple[list[int], Encoded] | None:
        """(ids, what was made of them) of the assets that have any input; a text file is read as text."""
        rows = self._all_rows()
        inputs: dict[str, NDArray[np.float32]] = {}
        masks: list[NDArray[np.bool_]] = []
        for name in stored.names:
            if name == "text":
                inputs[name], here = self._texts_of(stored, ids)
            elif name in rows:
                inputs[name], here = rows[name].at(ids)
            else:
                inputs[name] = np.zeros(
                    (len(ids), len(stored.weights[f"fused.towers.{name}.centre"])), np.float32
                )
                here = np.zeros(len(ids), bool)
            masks.append(here)
        mask = np.stack(masks, axis=1)
        has = any_in_row(mask)
        if not has.any():
            return None
        chosen = [i for i, here in zip(ids, has, strict=True) if here]
        return chosen, encode(stored.weights, stored.names, {n: X[has] for n, X in inputs.items()}, mask[has])

    def _texts_of(
        self, stored: StoredEncoder, ids: Sequence[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        found = np.zeros((len(ids), len(stored.weights["fused.towers.text.centre"])), np.float32)
        texts = [a for a in self._library.assets.get_many(ids) if a.kind == "text"]
        if stored.text is not None and texts:
            place = {asset_id: row for row, asset_id in enumerate(ids)}
            made = text_rows(stored.text, words_of_assets(self._library, texts))
            found[[place[a.id] for a in texts]] = made
        return found, any_in_row(found)

    def _item_inputs(
        self, stored: StoredEncoder, items: Sequence[Item]
    ) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.bool_]]:
        rows = self._all_rows()
        links = [
            [
                (link.asset_id, _HERO if link.role == "hero" else 1.0)
                for link in self._library.items.assets_of(i.id)
            ]
            for i in items
        ]
        inputs: dict[str, NDArray[np.float32]] = {}
        mask = np.zeros((len(items), len(stored.names)), bool)
        for column, name in enumerate(stored.names):
            X = np.zeros((len(items), len(stored.weights[f"fused.towers.{name}.centre"])), np.float32)
            if name == "text" and stored.text is not None:
                X = text_rows(stored.text, [tokens(item_text(item)) for item in items])
                mask[:, column] = any_in_row(X)
            elif name in rows:
                for row, media in enumerate(links):
                    mean = mean_rows(rows[name], media)
                    if mean is not None:
                        X[row], mask[row, column] = mean, True
            inputs[name] = X
        return inputs, mask


def modality_of(kind: str) -> tuple[str, ...]:
    """The modalities that an asset of a kind can have."""
    return ("video", SOUNDTRACK) if kind == "video" else (kind,)


def _read_marks(path: Any, fingerprint: str) -> dict[str, str]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return dict(data["items"]) if data["fingerprint"] == fingerprint else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
