"""Variants of a library: added, ranked for an audience, planned, and judged by what came back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.i18n import tr
from mmstudio.recommendation.records import ScorePart
from mmstudio.recommendation.scoring import Scoring
from mmstudio.recommendation.variants import traits as look
from mmstudio.recommendation.variants.appeal import predict
from mmstudio.recommendation.variants.identity import storyboard_content
from mmstudio.recommendation.variants.planning import judge, percent, sample_size, uneven
from mmstudio.recommendation.variants.records import Plan, RankedVariant, ResultsReport, Verdict
from mmstudio.recommendation.variants.results import read_results
from mmstudio.recommendation.variants.set_assets import assets_of_set

if TYPE_CHECKING:
    from mmstudio.library.records import Audience
    from mmstudio.library.variants import PlanRow, Variant
    from mmstudio.recommendation.recommender import Recommender


class Variants:
    """The variants of one library, and what is known of them."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender, self.library = recommender, recommender.library
        self.store = recommender.library.variants

    # -- adding ------------------------------------------------------------------------------------------

    def add_storyboard(self, storyboard_id: int, audience_id: int | None = None) -> str:
        """Make a saved storyboard a variant and return its id; the same content gives the same id.

        Args:
            audience_id: whom it is for, where the storyboard itself says nothing.

        Raises:
            NotFound: no such storyboard.
        """
        row = self.library.storyboards.get(storyboard_id)
        whom = row.audience_id if audience_id is None else audience_id
        texts = look.texts_of_storyboard(row.data)
        return self.store.add(
            "storyboard",
            {"storyboard_id": storyboard_id},
            content=storyboard_content(row.data),
            audience_id=whom,
            item_id=row.item_id,
            features=look.of_storyboard(self.library, row.data),
            checks=look.checks_of(
                self.library,
                row.item_id,
                texts,
                look.asset_ids(row.data),
                str(row.data.get("locale") or "en"),
            ),
        )

    def add_set(
        self,
        manifest: Mapping[str, Any],
        asset_ids: Sequence[int],
        audience_id: int | None = None,
        item_id: int | None = None,
    ) -> str:
        """Make a generated set a variant and return its id.

        Args:
            manifest: of the set, as it lies beside its files. asset_ids: its picture, sound and text.
        """
        told = manifest.get("wish")
        wish: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
        whom = audience_id if audience_id is not None else wish.get("audience_id")
        item = item_id if item_id is not None else wish.get("item_id")
        texts = [str(manifest.get("title") or ""), str(manifest.get("text") or "")]
        return self.store.add(
            "set",
            {"asset_ids": list(asset_ids), "manifest": dict(manifest)},
            content=dict(manifest),
            audience_id=whom,
            item_id=item,
            features=look.of_set(self.library, asset_ids, manifest),
            checks=look.checks_of(self.library, item, texts, asset_ids, str(wish.get("locale") or "en")),
        )

    def add_set_file(self, path: str | Path, audience_id: int | None = None) -> str:
        """Make a set a variant from the manifest beside its files; its parts in the library belong to it.

        Raises:
            StudioError: for another file.
        """
        try:
            manifest = json.loads(Path(path).read_text("utf-8"))
            if manifest.get("kind") != "set":
                raise ValueError
        except (OSError, ValueError, AttributeError) as error:
            raise StudioError(
                "{name} is no manifest of a set.",
                hint="Name the manifest.json that was written beside the set's files.",
                name=Path(path).name,
            ) from error
        return self.add_set(manifest, assets_of_set(self.library, manifest, path), audience_id)

    def add_asset(self, asset_id: int, audience_id: int | None = None, item_id: int | None = None) -> str:
        """Make a single asset a variant and return its id. Raises NotFound."""
        asset = self.library.assets.get(asset_id)
        if item_id is None:
            item_id = next(iter(self.library.items.items_of_asset(asset_id)), None)
        return self.store.add(
            "asset",
            {"asset_ids": [asset_id]},
            content={"sha256": asset.sha256},
            audience_id=audience_id,
            item_id=item_id,
            features=look.of_asset(self.library, asset),
            checks=look.checks_of(self.library, item_id, [], [asset_id], "en"),
        )

    # -- ranking -----------------------------------------------------------------------------------------

    def rank(
        self, audience_id: int, candidates: Sequence[str] | None = None, event: str = ""
    ) -> list[RankedVariant]:
        """Variants in the order of their appeal for an audience; those that fail a check stand last.

        Args:
            candidates: variant ids; None takes those for this audience and those for nobody in particular.
            event: what counts as acting ("click", "buy"); "" the one with most results.

        Raises:
            NotFound: no such audience or variant.
        """
        audience = self.library.audiences.get(audience_id)
        everything = self.store.list()
        if candidates is None:
            wanted = [v for v in everything if v.audience_id in (audience_id, None)]
        else:
            wanted = [self.store.get(one) for one in candidates]
        if not wanted:
            return []
        counts = self.counts(event)
        # All variants teach what traits are worth; only the wanted ones are ranked, as seen by this audience.
        others = [v for v in everything if counts.get(v.id, (0, 0))[0] and v.id not in {w.id for w in wanted}]
        audiences = {one.id: one for one in self.library.audiences.list()}
        fit = _Fit(self.recommender)
        traits = [fit.traits(v, audience) for v in wanted]
        for other in others:
            own = audiences.get(other.audience_id or 0)
            traits.append(fit.traits(other, own) if own is not None else dict(other.features))
        found = predict(traits, [counts.get(v.id, (0, 0)) for v in (*wanted, *others)])
        measured = any(n for n, _ in counts.values())
        rows = [
            (v, p, [str(c.get("words")) for c in v.checks.values() if not c.get("ok")])
            for v, p in zip(wanted, found[: len(wanted)], strict=True)
        ]
        rows.sort(key=lambda row: (bool(row[2]), -row[1].value, row[0].id))
        if measured and not self.library.read_only:
            self.store.set_appeal({v.id: p.value for v, p, _ in rows})
        ranked = []
        for rank, (variant, one, problems) in enumerate(rows, 1):
            parts = [ScorePart(_label(name), value, "learned") for name, value in one.parts.items() if value]
            parts.sort(key=lambda part: -part.value)
            shown = counts.get(variant.id, (0, 0))
            ranked.append(
                RankedVariant(
                    rank,
                    variant,
                    one.value,
                    one.low,
                    one.high,
                    one.base,
                    parts,
                    shown[0],
                    problems,
                    _why(parts, shown, measured, problems),
                )
            )
        return ranked

    def counts(self, event: str = "", ids: Sequence[str] | None = None) -> dict[str, tuple[int, int]]:
        """Variant id → (shown, happened) over all days and channels, of one event; see :meth:`rank`."""
        results = self.store.results(ids)
        event = event or self.event_of(ids)
        found: dict[str, tuple[int, int]] = {}
        for one in results:
            if one.event == event:
                n, k = found.get(one.variant_id, (0, 0))
                found[one.variant_id] = (n + one.shown, k + one.happened)
        return found

    def event_of(self, ids: Sequence[str] | None = None) -> str:
        """The event with most results, "click" where there are none."""
        total: dict[str, int] = {}
        for one in self.store.results(ids):
            total[one.event] = total.get(one.event, 0) + one.shown
        return max(sorted(total), key=lambda name: total[name], default="click")

    # -- plans and results -------------------------------------------------------------------------------

    def plan(
        self,
        name: str,
        variant_ids: Sequence[str],
        *,
        base: float,
        effect: float,
        event: str = "click",
        alpha: float = 0.05,
        power: float = 0.8,
        correction: str = "bonferroni",
        audience_id: int | None = None,
        per_day: int | None = None,
    ) -> Plan:
        """Plan a comparison in equal shares and keep it; the first variant is the control.

        Args:
            base, effect, alpha, power, correction: see :func:`sample_size`.
            per_day: people who see any of the variants a day, to say how long it takes.

        Raises:
            UsageError: fewer than two variants, one twice, a number out of range. NotFound. ReadOnly.
        """
        ids = list(variant_ids)
        if len(ids) != len(set(ids)):
            raise UsageError("A variant stands in the plan twice.", hint="Name each variant once.")
        if per_day is not None and per_day < 1:
            raise UsageError("At least one person a day has to see them.", hint="Leave it out if not known.")
        each = sample_size(base, effect, alpha, power, len(ids), correction)
        for one in ids:
            self.store.get(one)
        total = each * len(ids)
        days = None if per_day is None else math.ceil(total / per_day)
        numbers = {
            "event": event, "base": base, "effect": effect, "alpha": alpha, "power": power,
            "correction": correction, "each": each, "total": total, "days": days,
        }  # fmt: skip
        number = self.store.add_plan(
            name, dict.fromkeys(ids, 1 / len(ids)), {**numbers, "order": ids}, audience_id
        )
        return self.plan_of(self.store.plan(number))

    @staticmethod
    def plan_of(row: PlanRow) -> Plan:
        """A saved plan, its control first."""
        data = row.data
        order = [one for one in data.get("order", []) if one in row.shares]
        shares = {one: row.shares[one] for one in (*order, *(o for o in row.shares if o not in order))}
        numbers = {key: data[key] for key in ("event", "base", "effect", "alpha", "power", "correction")}
        return Plan(
            row.id, row.name, row.audience_id, shares, **numbers,
            each=data["each"], total=data["total"], days=data.get("days"),
        )  # fmt: skip

    def plans(self) -> list[Plan]:
        """All plans, oldest first."""
        return [self.plan_of(row) for row in self.store.plans()]

    def read(self, path: str | Path) -> ResultsReport:
        """Keep the results of a table; rows of a day that is known already replace it. See `read_results`."""
        ids = [variant.id for variant in self.store.list()]
        if not ids:
            raise NotFound(
                "There are no variants yet that results could be for.",
                hint="Add variants first: `mmstudio variants LIB add`.",
            )
        found, problems, notes = read_results(path, ids)
        kept = self.store.add_results(found)
        return ResultsReport(kept, sorted({one.variant_id for one in found}), problems, notes)

    def verdict(self, plan_id: int) -> tuple[Plan, Verdict, str]:
        """(the plan, what its results say, a warning where shares are not as planned). Raises NotFound."""
        plan = self.plan_of(self.store.plan(plan_id))
        counts = self.counts(plan.event, list(plan.shares))
        return plan, judge(plan, counts), uneven(plan.shares, counts)


class _Fit:
    """How well variants fit audiences; what is worked out per audience is kept."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender
        self._relevance: dict[int, dict[int, float]] = {}
        self._palette: dict[int, list[look.RGB]] = {}

    def traits(self, variant: Variant, audience: Audience) -> dict[str, float]:
        found = dict(variant.features)
        if variant.item_id is not None:
            place = self._places(audience).get(variant.item_id)
            if place is not None:
                found["relevance"] = place
        texts, palette = self._content(variant)
        if audience.brief.strip():
            found["brief"] = look.brief_match(audience, texts)
        liked = self._liked_colours(audience)
        if palette and liked:
            from mmstudio.generation.sets.colours import distance

            found["taste"] = float(np.clip(1 - distance(palette, liked) / 0.3, 0, 1))
        return found

    def _places(self, audience: Audience) -> dict[int, float]:
        """Item id → 1 for the best of the catalogue, 0 for the last."""
        if audience.id not in self._relevance:
            catalogue = self.recommender.catalogue()
            n = len(catalogue.ids)
            if not n:
                return {}
            total = Scoring.of(catalogue, self.recommender.profile(audience)).total
            # Items with the same score share the middle of their places.
            _, group, count = np.unique(total, return_inverse=True, return_counts=True)
            middle = np.cumsum(count) - (count + 1) / 2
            place = middle[group] / max(1, n - 1) if n > 1 else np.full(n, 0.5)
            self._relevance[audience.id] = {
                int(i): float(p) for i, p in zip(catalogue.ids, place, strict=True)
            }
        return self._relevance[audience.id]

    def _liked_colours(self, audience: Audience) -> list[look.RGB]:
        if audience.id not in self._palette:
            from mmstudio.recommendation.taste import taste

            found = taste(self.recommender, audience.id)
            self._palette[audience.id] = look.colours_of(found.palette)
        return self._palette[audience.id]

    def _content(self, variant: Variant) -> tuple[list[str], list[look.RGB]]:
        source = variant.source
        if variant.kind == "storyboard":
            try:
                data = self.recommender.library.storyboards.get(int(source["storyboard_id"])).data
            except (NotFound, KeyError):
                return [], []
            return look.texts_of_storyboard(data), look.palette_of(data)
        manifest = source.get("manifest") or {}
        palette = [(int(c[0]), int(c[1]), int(c[2])) for c in manifest.get("palette") or [] if len(c) == 3]
        return [str(manifest.get("title", "")), str(manifest.get("text", ""))], palette


def _label(name: str) -> str:
    return tr("its own results") if name == "results" else tr(look.NAMES.get(name, name))


def _why(parts: Sequence[ScorePart], shown: tuple[int, int], measured: bool, problems: Sequence[str]) -> str:
    if problems:
        return problems[0]
    strongest = [part.label for part in parts if part.value > 0][:2]
    fits = tr(", ").join(strongest)
    if not measured:
        if not fits:
            return tr("No results yet, and nothing tells it from the others.")
        return tr("No results yet: ordered by fit ({traits}), not by a measured rate.", traits=fits)
    if shown[0]:
        said = tr("{rate} of {n} people acted", rate=percent(shown[1] / shown[0]), n=shown[0])
        return tr("{said}; for it: {traits}", said=said, traits=fits) if fits else said
    if fits:
        return tr("Not shown yet; from the results of others: {traits}", traits=fits)
    return tr("Not shown yet, and nothing tells it from the others.")
