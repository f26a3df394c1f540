"""Rankings by likeness: to an asset, a file or an item, within one kind of media and across kinds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import MediaError, NotFound
from mmstudio.features.extractors import FUSED
from mmstudio.features.loading import load_media
from mmstudio.features.normalise import unit_rows
from mmstudio.features.records import LIKENESS
from mmstudio.features.search.by_words import near_text
from mmstudio.features.search.evidence import Evidence, alike, alike_text, evidence
from mmstudio.features.texts.extraction import item_text
from mmstudio.features.texts.words import tokens
from mmstudio.features.vectors import comparable
from mmstudio.i18n import tr
from mmstudio.media.kinds import kind_of
from mmstudio.media.probe import probe
from mmstudio.media.text import load_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.contract import Encoder
    from mmstudio.features.service import Features
    from mmstudio.features.vectors import Space
    from mmstudio.library.records import Target

_SHARED_FAINT = 0.1  # cosine there below which two things have nothing to do with each other
_CLIP_FAINT = 0.18  # cosine of CLIP's text to pictures that show something else


class Likeness:
    """Finds what is near in the vectors of a library."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._library, self._vectors = features.library, features.vectors

    # -- in the vectors of one kind ------------------------------------------------------------------------

    def to_asset(self, asset_id: int, k: int, among: NDArray[np.int64] | None = None) -> list[Evidence]:
        """Assets of the same kind nearest to one, and of every kind in the shared space."""
        asset = self._library.assets.get(asset_id)
        found = self._shared_like(asset_id, k, among)
        if asset.kind == "text":
            text = self._library.assets.text_of(asset_id)
            near = self._to_text(f"{asset.title}\n{text}")
            return [one.without(asset_id) if one.target == "asset" else one for one in near] + found
        space = self._vectors.space(LIKENESS[asset.kind])
        row = space.row(asset_id)
        if row is not None:
            query = np.asarray(space.unit[row], np.float32)
        elif len(space.ids):
            try:
                query = self._vector_of(self._library.assets.path_of(asset), asset.kind)
            except (MediaError, FileNotFoundError):
                return found
        else:
            return found
        return [_nearest(space, query, k + 1, space.info.modality, among).without(asset_id).first(k), *found]

    def to_file(self, path: Path, k: int, among: NDArray[np.int64] | None = None) -> list[Evidence]:
        """Assets nearest to a media file anywhere. Raises MediaError, NotFound."""
        kind = kind_of(path)
        if kind is None:
            raise MediaError(
                "{name} is not a picture, sound, video or text.", status="unsupported", name=path.name
            )
        if not path.is_file():
            raise NotFound("There is no file {name}.", name=str(path))
        if kind == "text":
            doc = load_text(path)
            text = f"{doc.title}\n{doc.text}"
            return [*self._to_text(text), *self.shared_text(text, k, among)]
        space = self._vectors.space(LIKENESS[kind])
        unit = self._vector_of(path, kind)
        found = [_nearest(space, unit, k, space.info.modality, among)] if len(space.ids) else []
        encoder = self._encoder()
        query = encoder.embed_vector(kind, unit) if encoder is not None else None
        return found + self._shared_near(query, k, among)

    def to_item(self, item_id: int, k: int) -> Evidence:
        """Items nearest to an item over the modalities that both have, with what makes them alike."""
        fused = self._features.item_vectors()
        row = fused.row(item_id)
        if row is None:
            return evidence("item", [], [], lambda _ids: {})
        scores = fused.similarity(row)
        scores[row] = -np.inf
        best = [int(i) for i in np.argsort(-scores, kind="stable")[:k] if np.isfinite(scores[i])]
        parts = fused.by_part(row)
        model = self._vectors.text_model()
        own = tokens(item_text(self._library.items.get(item_id)))

        def why(ids: list[int]) -> dict[int, str]:
            told = {}
            for other in self._library.items.get_many(ids):
                at = fused.row(other.id)
                reasons = [
                    alike_text(modality, float(cosine[at]))
                    for modality, cosine in parts.items()
                    if at is not None and modality != "text" and np.isfinite(cosine[at]) and cosine[at] > 0.3
                ]
                shared = model.shared_words(own, tokens(item_text(other))) if model else []
                if shared:
                    reasons.append(tr("both: {words}", words=tr(", ").join(shared)))
                told[other.id] = tr("; ").join(reasons or [tr("The nearest in this library")])
            return told

        return evidence("item", [int(fused.ids[i]) for i in best], [float(scores[i]) for i in best], why)

    def items_of(self, ranking: Evidence) -> Evidence:
        """The items that use the assets of a ranking, in its order."""
        ids: list[int] = []
        scores: list[float] = []
        by: dict[int, int] = {}
        for asset_id, score in zip(ranking.ids[:100], ranking.scores[:100], strict=True):
            for item_id in self._library.items.items_of_asset(int(asset_id)):
                if item_id not in by:
                    by[item_id] = int(asset_id)
                    ids.append(item_id)
                    scores.append(float(score))

        def why(some: list[int]) -> dict[int, str]:
            told = ranking.why([by[i] for i in some if i in by])
            return {i: told[by[i]] for i in some if by.get(i) in told}

        return replace(evidence("item", ids, scores, why), source=ranking.source)

    def _to_text(self, text: str) -> list[Evidence]:
        model, words = self._vectors.text_model(), tokens(text)
        if model is None or not model.knows(words):
            return []
        return near_text(self._library, self._vectors, model, model.vectors([words])[0], words)

    def _vector_of(self, path: Path, kind: str) -> NDArray[np.float32]:
        """The compared vector, float32[D], of any file, as the stored ones are made."""
        extractor = self._features.running(LIKENESS[kind])
        facts = probe(path)
        media = load_media(kind, path, extractor.side, (facts.width, facts.height), facts.duration)
        rows = extractor.forward([extractor.prepare(media)])
        statistics = self._vectors.space(extractor.info.name).statistics
        return np.asarray(comparable(extractor.info, rows, statistics)[0], np.float32)

    # -- across kinds --------------------------------------------------------------------------------------

    def _encoder(self) -> Encoder | None:
        """The network that puts all kinds of media into one space; None where none is trained."""
        encoder = self._features.shared
        return encoder if encoder is not None and encoder.ready else None

    @property
    def knows_words(self) -> bool:
        """Whether a CLIP or SigLIP is there, which compares words with pictures on the device thread."""
        from mmstudio.features.pictures.clip import text_extractor

        return text_extractor() is not None

    def shared_text(self, text: str, k: int, among: NDArray[np.int64] | None = None) -> list[Evidence]:
        """Assets and items that a text goes together with, of every kind."""
        encoder = self._encoder()
        query = encoder.embed_text(text) if encoder is not None and text.strip() else None
        return self._shared_near(query, k, among)

    def _shared_like(self, asset_id: int, k: int, among: NDArray[np.int64] | None) -> list[Evidence]:
        if self._encoder() is None:
            return []  # vectors of an encoder that is no longer used compare with nothing
        space = self._vectors.space(FUSED)
        row = space.row(asset_id)
        if row is None:
            return []
        found = self._shared_near(np.asarray(space.unit[row], np.float32), k + 1, among)
        return [one.without(asset_id).first(k) if one.target == "asset" else one for one in found]

    def _shared_near(
        self, query: NDArray[np.float32] | None, k: int, among: NDArray[np.int64] | None
    ) -> list[Evidence]:
        found: list[Evidence] = []
        if query is None or not np.isfinite(query).all():
            return found
        unit = unit_rows(np.asarray(query, np.float32)[None])[0]
        targets: tuple[Target, ...] = ("asset", "item")
        for target in targets:
            space = self._vectors.space(FUSED, target)
            if not len(space.ids) or space.info.dimension != len(unit):
                continue
            near = _nearest(space, unit, k, "fused", among if target == "asset" else None, target)
            strong = near.scores > _SHARED_FAINT
            found.append(Evidence(target, near.ids[strong], near.scores[strong], near.why))
        return found

    def clip(self, text: str, k: int, among: NDArray[np.int64] | None = None) -> list[Evidence]:
        """Pictures that show what a text says, where a CLIP or SigLIP is in the model folder."""
        from mmstudio.features.pictures.clip import clip_text, text_extractor

        name = text_extractor()
        if name is None or not text.strip():
            return []
        space = self._vectors.space(name)
        if not len(space.ids):
            return []
        query = unit_rows(np.asarray(clip_text(text, self._features.device), np.float32)[None])[0]
        ids, scores = space.index.query(query, k, among)
        strong = scores > _CLIP_FAINT

        def why(some: list[int]) -> dict[int, str]:
            return dict.fromkeys(some, tr("Shows {words}", words=text))

        return [evidence("asset", ids[strong], scores[strong].astype(np.float64), why)]


def _nearest(
    space: Space,
    query: NDArray[np.float32],
    k: int,
    modality: str,
    among: NDArray[np.int64] | None,
    target: Target = "asset",
) -> Evidence:
    ids, scores = space.index.query(query, k, among)
    said = {int(i): float(s) for i, s in zip(ids, scores, strict=True)}
    return evidence(target, ids, scores.astype(np.float64), alike(modality)(said))
