"""A trained ranker: its numbers, how it scores with NumPy alone, and the two files it is kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path, write_text
from mmstudio.recommendation.lists.facets import Facets
from mmstudio.recommendation.ranker.tasks import TASKS, worth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue

FOLDER = "recommender"  # of the library's models
VERSION = 1
CONTENT = 24  # dimensions of content that the network sees
CONTEXT = 4  # hour of the day and day of the week, as sines and cosines
ITEM = CONTENT + 4
PERSON = CONTENT + 1


@dataclass
class Ranker:
    """A trained ranker.

    Attributes:
        tensors: name → float32 array: the network, the projection of content, the calibration.
        facts: what JSON holds: bases, tasks present, sizes, the report.
        ages: item id → age of its last event when the ranker was trained, standardised; 0 for others.
    """

    tensors: dict[str, NDArray[np.float32]]
    facts: dict[str, Any]
    ages: dict[int, float] = field(default_factory=dict)

    @property
    def bases(self) -> list[str]:
        """Simple methods whose scores it is given, the blend first."""
        return list(self.facts["bases"])

    @property
    def report(self) -> dict[str, Any]:
        """What was measured on held-out events when it was trained."""
        return dict(self.facts["report"])

    @property
    def present(self) -> NDArray[np.bool_]:
        """bool[T]: tasks that were learned."""
        return np.array([task in self.facts["tasks"] for task in TASKS])

    @property
    def mix(self) -> tuple[float, int]:
        """(share of what was learned, place of the simple method that has the rest), chosen in training."""
        return float(self.facts.get("share", 1.0)), int(self.facts.get("beside", 0))

    @property
    def given(self) -> int:
        """Numbers per pair besides the embeddings."""
        return ITEM + PERSON + CONTEXT + 1 + len(self.bases)

    # -- what it looks at --------------------------------------------------------------------------------

    def items(self, catalogue: Catalogue) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(float32[N,width] embeddings, float32[N,ITEM] content, popularity, age, price)."""
        rows = buckets(catalogue.ids, self.tensors["ids.weight"].shape[0])
        embedded = self.tensors["ids.weight"][rows].sum(1)
        return embedded.astype(np.float32), item_numbers(
            catalogue, self.tensors["content"], self.facts, self.ages
        )

    def person(
        self, embedded: NDArray[np.float32], numbers: NDArray[np.float32], history: Mapping[int, float]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(float32[width], float32[PERSON]) of somebody with a weighted history of item rows."""
        width = embedded.shape[1]
        if not history:
            return np.zeros(width, np.float32), np.zeros(PERSON, np.float32)
        rows = list(history)
        weights = np.array([history[row] for row in rows], np.float32)
        weights /= max(float(weights.sum()), 1e-9)
        own = np.zeros(PERSON, np.float32)
        own[:CONTENT] = weights @ numbers[rows, :CONTENT]
        own[CONTENT] = np.log1p(len(rows)) / 4
        return weights @ embedded[rows], own

    def score(
        self, catalogue: Catalogue, history: Mapping[int, float], bases: Sequence[NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """(worth float64[N], its spread over heads float64[N], chances float64[N,T]) for one person.

        The worth is mixed with a simple method as :attr:`mix` says.

        Args:
            bases: float[N] scores of the simple methods, in the order of :attr:`bases`.
        """
        embedded, numbers, fixed = self._fixed(catalogue)
        person, own = self.person(embedded, numbers, history)
        scores = np.stack([standard(one) for one in bases], 1).astype(np.float32)
        alike = numbers[:, :CONTENT] @ own[:CONTENT]
        near = np.column_stack([alike, scores]).astype(np.float32)
        first = self._first(fixed, person, own, embedded, near)
        worth, spread, chances = self.judge(self._deep(first, scores[:, 0]))
        share, base = self.mix
        if share < 1:
            deviation = float(worth.std()) or 1.0
            worth = share * standard(worth) + (1 - share) * standard(bases[base])
            spread = share * spread / deviation
        return worth, spread, chances

    def logits(
        self,
        catalogue: Catalogue,
        history: Mapping[int, float],
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        context: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """float32[B,T,heads] for some rows and one person; `scores` float32[B,M] are standardised already."""
        embedded, numbers, fixed = self._fixed(catalogue)
        person, own = self.person(embedded, numbers, history)
        alike = numbers[rows, :CONTENT] @ own[:CONTENT]
        near = np.column_stack([alike, scores]).astype(np.float32)
        first = self._first(fixed[rows], person, own, embedded[rows], near)
        weight, _ = self._layer()
        at = 3 * len(person) + ITEM + PERSON
        return self._deep(first + context @ weight[:, at : at + CONTEXT].T, scores[:, 0])

    def judge(
        self, logits: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """The same from float32[N,T,heads] logits."""
        scale = self.tensors["calibration"].astype(np.float64)
        chances = sigmoid(logits.astype(np.float64) * scale[:, :1] + scale[:, 1:])
        each = np.log(np.maximum(worth(np.moveaxis(chances, 2, 1), self.present), 1e-12))
        return each.mean(1), each.std(1), chances.mean(2)

    def _fixed(
        self, catalogue: Catalogue
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        kept = catalogue.__dict__.get("_ranker_fixed")
        if kept is not None and kept[0] is self:
            found: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]] = kept[1]
            return found
        embedded, numbers = self.items(catalogue)
        weight, _bias = self._layer()
        width = embedded.shape[1]
        at = 3 * width
        fixed = embedded @ weight[:, width : 2 * width].T + numbers @ weight[:, at : at + ITEM].T
        catalogue.__dict__["_ranker_fixed"] = (self, (embedded, numbers, fixed))
        return embedded, numbers, fixed

    def _layer(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        own = self.tensors
        weight = np.concatenate([own["experts.weight"], own["gates.weight"]])
        return weight, np.concatenate([own["experts.bias"], own["gates.bias"]])

    def _first(
        self,
        fixed: NDArray[np.float32],
        person: NDArray[np.float32],
        own: NDArray[np.float32],
        embedded: NDArray[np.float32],
        near: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """The first layer; what does not change from person to person is added up already."""
        weight, bias = self._layer()
        width = len(person)
        at = 3 * width + ITEM
        same = weight[:, :width] @ person + weight[:, at : at + PERSON] @ own + bias
        crossed = embedded @ (weight[:, 2 * width : 3 * width] * person).T
        at += PERSON + CONTEXT
        return np.asarray(fixed + crossed + near @ weight[:, at:].T + same, np.float32)

    def _deep(self, first: NDArray[np.float32], wide: NDArray[np.float32]) -> NDArray[np.float32]:
        towers, bias = self.tensors["towers"], self.tensors["bias"]
        tasks, hidden, heads = towers.shape
        experts = len(self.tensors["experts.bias"]) // hidden
        n = len(first)
        out = np.maximum(first[:, : experts * hidden], 0).reshape(n, experts, hidden)
        gates = first[:, experts * hidden :].reshape(n, tasks, experts)
        gates = np.exp(gates - gates.max(2, keepdims=True))
        gates /= gates.sum(2, keepdims=True)
        flat = np.moveaxis(towers, 0, 1).reshape(hidden, tasks * heads)
        each = (out.reshape(-1, hidden) @ flat).reshape(n, experts, tasks, heads)
        deep = np.einsum("nte,netk->ntk", gates, each) + bias
        return np.asarray(deep + (wide[:, None] * self.tensors["wide"])[:, :, None], np.float32)

    # -- files -------------------------------------------------------------------------------------------

    def save(self, models: Path) -> Path:
        """Write weights, then the JSON that names them: a ranker is there when its JSON is."""
        from safetensors.numpy import save_file

        folder = models / FOLDER
        name = f"ranker-{self.facts['stamp']}.safetensors"
        arrays = {key: np.ascontiguousarray(value) for key, value in self.tensors.items()}
        ids = sorted(self.ages)
        arrays["ages.ids"] = np.array(ids, np.int64)
        arrays["ages"] = np.array([self.ages[i] for i in ids], np.float32)
        with atomic_path(folder / name) as temporary:
            save_file(arrays, str(temporary))
        text = json.dumps({**self.facts, "version": VERSION, "weights": name}, ensure_ascii=False, indent=1)
        write_text(folder / "ranker.json", text + "\n")
        for old in folder.glob("ranker-*.safetensors"):
            if old.name != name:
                old.unlink(missing_ok=True)
        return folder

    @classmethod
    def load(cls, models: Path) -> Ranker | None:
        """The ranker of a library, None where there is none that this program can read."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = models / FOLDER / "ranker.json"
        try:
            facts = json.loads(path.read_text("utf-8"))
            if facts.get("version") != VERSION:
                return None
            arrays = load_file(str(path.with_name(Path(facts["weights"]).name)))
            ids, ages = arrays.pop("ages.ids"), arrays.pop("ages")
            found = cls(arrays, facts, dict(zip(ids.tolist(), ages.tolist(), strict=True)))
            if not {"bases", "tasks", "report", "events", "content_scale"} <= facts.keys():
                return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError):
            return None
        return found

    @staticmethod
    def remove(models: Path) -> bool:
        """Delete the ranker of a library; False where there was none."""
        folder = models / FOLDER
        files = [folder / "ranker.json", *folder.glob("ranker-*.safetensors")]
        there = [file for file in files if file.is_file()]
        for file in there:
            file.unlink(missing_ok=True)
        return bool(there)


def buckets(ids: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """int64[N,2] rows of the hashed table for item ids (two multiplicative hashes, Knuth TAOCP 6.4)."""
    plain = ids.astype(np.uint64)
    one = (plain * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)
    two = (plain * np.uint64(0xC2B2AE3D27D4EB4F)) >> np.uint64(31)
    return np.stack([one % np.uint64(size), two % np.uint64(size)], 1).astype(np.int64)


def item_numbers(
    catalogue: Catalogue, basis: NDArray[np.float32], facts: Mapping[str, Any], ages: Mapping[int, float]
) -> NDArray[np.float32]:
    """float32[N,ITEM]: projected content, log popularity, age of the last event, log price, price known."""
    n = len(catalogue.ids)
    out = np.zeros((n, ITEM), np.float32)
    if basis.shape[0] and catalogue.fused.shape[1] == basis.shape[0]:
        found = catalogue.fused @ basis
        out[:, : found.shape[1]] = found / max(float(facts["content_scale"]), 1e-6)
    facets = Facets.of(catalogue)
    out[:, CONTENT] = (np.log1p(facets.people) - facts["people_mean"]) / max(facts["people_std"], 1e-6)
    if ages:
        out[:, CONTENT + 1] = [ages.get(int(i), 0.0) for i in catalogue.ids]
    priced = np.isfinite(facets.price)
    out[priced, CONTENT + 2] = np.log1p(np.maximum(facets.price[priced], 0)) / 5
    out[:, CONTENT + 3] = priced
    return out


def standard(values: NDArray[Any]) -> NDArray[np.float64]:
    """float64[N] with mean 0 and deviation 1; zeros where all are equal."""
    values = np.asarray(values, np.float64)
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros(len(values))


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e⁻ˣ), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), np.float64)
