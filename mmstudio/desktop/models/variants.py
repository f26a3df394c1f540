"""Variants of an audience, plans that compare them and what came back; asking runs in a worker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QFont

from mmstudio.desktop.models.rows import Index, RowListModel
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.variants import Variant
    from mmstudio.recommendation.variants.records import Plan, RankedVariant, ResultsReport, Verdict
    from mmstudio.recommendation.variants.service import Variants
    from mmstudio.studio import Studio

KINDS = {"storyboard": mark("Ad"), "set": mark("Set"), "asset": mark("Picture or sound")}
EVENTS = {"click": mark("click"), "buy": mark("buy"), "like": mark("like"), "view": mark("watch to the end")}


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One ranked variant with what its line shows.

    Attributes:
        title: what it is made of, in words.
        picture: an asset that stands for it, or None.
    """

    ranked: RankedVariant
    title: str
    picture: int | None

    @property
    def id(self) -> str:
        """The stable id that stands in file names, feeds and links."""
        return self.ranked.variant.id


class VariantListModel(RowListModel[VariantRow]):
    """Variants, the most appealing first."""

    measured = False  # whether rates are known; without results only the fit is

    def text(self, row: VariantRow) -> str:
        return row.title

    def spoken(self, row: VariantRow) -> str:
        words = tr(
            "{rank}. {title}, {appeal}",
            rank=row.ranked.rank,
            title=row.title,
            appeal=appeal_text(row, measured=self.measured),
        )
        return ". ".join([words, row.ranked.why, *row.ranked.problems])

    def identity(self, row: VariantRow) -> str:
        return row.id


def percent(share: float, digits: int = 1) -> str:
    """A share of people as a person reads it: ``2.4 %``."""
    return f"{100 * share:.{digits}f} %"


def appeal_text(row: VariantRow, *, measured: bool = True) -> str:
    """How many act, with the range it lies in; how well it fits where no result came back yet."""
    found = row.ranked
    if not measured:
        return tr("fit {n} of 100", n=round(100 * found.appeal))
    return tr(
        "{appeal} act, between {low} and {high}",
        appeal=percent(found.appeal),
        low=percent(found.low),
        high=percent(found.high),
    )


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the page shows of an audience.

    Attributes:
        measured: whether any result came back; without one the order is by fit, and no rate is known.
    """

    audience_id: int
    rows: list[VariantRow]
    plans: list[Plan]
    measured: bool


def gather_all(studio: Studio, audience_id: int) -> Gathered:
    """Variants ranked for an audience, and the plans there are."""
    service = service_of(studio)
    rows = [
        VariantRow(one, title_of(studio.library, one.variant), picture_of(studio.library, one.variant))
        for one in service.rank(audience_id)
    ]
    return Gathered(audience_id, rows, service.plans(), any(n for n, _k in service.counts().values()))


def service_of(studio: Studio) -> Variants:
    """The variants of the open library."""
    from mmstudio.recommendation.variants.service import Variants

    return Variants(studio.recommender)


def take_in(studio: Studio, audience_id: int) -> int:
    """Make ads and sets that were made for an audience its variants; how many are new. One step of undo."""
    service, library = service_of(studio), studio.library
    before = {one.id for one in library.variants.list(audience_id)}
    for storyboard in library.storyboards.list(audience_id=audience_id):
        service.add_storyboard(storyboard.id)
    for file in sorted((Path(library.path) / "sets").glob("*.json")):
        if _audience_of(file) == audience_id:
            service.add_set_file(file, audience_id)
    new = [one.id for one in library.variants.list(audience_id) if one.id not in before]
    library.variants.can_be_taken_back(new)
    return len(new)


def _audience_of(manifest: Path) -> int | None:
    """Whom a set was made for; None where its manifest does not say or cannot be read."""
    try:
        wish = json.loads(manifest.read_text("utf-8")).get("wish")
        return int(wish["audience_id"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def draft_plan(audience_id: int | None, ids: Sequence[str], params: Mapping[str, Any]) -> Plan:
    """The plan that these numbers make, not kept yet."""
    from mmstudio.recommendation.variants.planning import sample_size
    from mmstudio.recommendation.variants.records import Plan

    each = sample_size(params["base"], params["effect"], params["alpha"], params["power"], len(ids))
    total, daily = each * len(ids), params["daily"]
    return Plan(
        0,
        "",
        audience_id,
        dict.fromkeys(ids, 1 / len(ids)),
        params["event"],
        params["base"],
        params["effect"],
        params["alpha"],
        params["power"],
        "bonferroni",
        each,
        total,
        -(-total // daily) if daily else None,
    )


def keep_plan(studio: Studio, plan: Plan, name: str, daily: int | None) -> int:
    """Keep a plan under a name; returns its number."""
    kept = service_of(studio).plan(
        name,
        list(plan.shares),
        base=plan.base,
        effect=plan.effect,
        event=plan.event,
        alpha=plan.alpha,
        power=plan.power,
        audience_id=plan.audience_id,
        per_day=daily,
    )
    return kept.id


def judge_plan(studio: Studio, plan_id: int) -> tuple[Plan, Verdict, str]:
    """A plan, what its results say, and a warning where variants were not shown as planned."""
    return service_of(studio).verdict(plan_id)


def boards_of(rows: Sequence[VariantRow]) -> list[int]:
    """The storyboards among variants, in their order: what can be seen side by side."""
    found = (row.ranked.variant.source.get("storyboard_id") for row in rows)
    return [int(one) for one in found if one is not None]


def title_of(library: Library, variant: Variant) -> str:
    """What a variant is, in words: kind and item, or the name of its storyboard."""
    kind = tr(KINDS.get(variant.kind, variant.kind))
    storyboard = variant.source.get("storyboard_id")
    if storyboard is not None:
        name = next((s.name for s in library.storyboards.list() if s.id == int(storyboard)), "")
        if name:
            return f"{kind}: {name}"
    if variant.item_id is not None:
        items = library.items.get_many([variant.item_id])
        if items:
            return f"{kind}: {items[0].title or items[0].sku}"
    return f"{kind} {variant.id}"


def picture_of(library: Library, variant: Variant) -> int | None:
    """An asset that stands for a variant: its own first picture, or its item's."""
    assets = [int(i) for i in variant.source.get("asset_ids") or ()]
    pictures = [a.id for a in library.assets.get_many(assets) if a.kind in ("image", "video")]
    if pictures:
        return pictures[0]
    if variant.item_id is None:
        return None
    return library.items.heroes_of([variant.item_id]).get(variant.item_id)


class VerdictModel(QAbstractTableModel):
    """What came back per variant; the winner, where there is one, is bold."""

    HEADS = (
        mark("Variant"), mark("Shown"), mark("Acted"), mark("Rate"), mark("Between"), mark("Best with"),
    )  # fmt: skip

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.verdict: Verdict | None = None
        self.titles: dict[str, str] = {}

    def show(self, verdict: Verdict | None, titles: dict[str, str]) -> None:
        """Show a verdict; None empties the table."""
        self.beginResetModel()
        self.verdict, self.titles = verdict, titles
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() or self.verdict is None else len(self.verdict.counts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return tr(self.HEADS[section])
        return None

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if self.verdict is None or not index.isValid() or index.row() >= len(self.verdict.counts):
            return None
        count, column = self.verdict.counts[index.row()], index.column()
        words = (
            self.titles.get(count.variant_id, count.variant_id),
            f"{count.shown:,}",
            f"{count.happened:,}",
            percent(count.rate, 2),
            f"{percent(count.low, 2)} – {percent(count.high, 2)}",
            percent(count.best, 0),
        )[column]
        if role == Qt.ItemDataRole.DisplayRole:
            return words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{tr(self.HEADS[column])}: {words}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return count.variant_id if column == 0 else None
        if role == Qt.ItemDataRole.FontRole and count.variant_id == self.verdict.winner:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def report_text(report: ResultsReport) -> str:
    """What reading a table of results found, in a sentence or two."""
    words = tr("{n} lines read for {variants} variants.", n=report.kept, variants=len(report.variants))
    if report.problems:
        line, first = report.problems[0]
        words += " " + tr(
            "{n} lines were left out; the first is line {line}: {what}",
            n=len(report.problems),
            line=line,
            what=first,
        )
    return words


def plan_text(plan: Plan) -> str:
    """What a plan needs, in a sentence."""
    words = tr(
        "Each of {n} variants must be seen by {each} people, {total} in all.",
        n=len(plan.shares),
        each=f"{plan.each:,}",
        total=f"{plan.total:,}",
    )
    if plan.days is not None:
        words += " " + tr("That takes {n} days.", n=plan.days)
    return words
