"""What the doctor found, as list models: kinds at the left, subjects of the chosen kind beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mmstudio.desktop.models.rows import RowListModel
from mmstudio.desktop.words import duration_text, kind_name, size_text
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmstudio.cleaning import Finding, Report, Subject
    from mmstudio.library import Asset, Library


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of finding in the list at the left."""

    kind: str
    title: str
    count: int
    severity: str
    ignored: int


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One subject: an asset, a group of copies, an item, a class; words are made already."""

    key: str
    subject: Subject
    title: str
    detail: str
    asset: Asset | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of two copies that are compared: its asset and its facts, name → value."""

    asset: Asset
    facts: dict[str, str] = field(default_factory=dict)
    text: str = ""


class KindModel(RowListModel[KindRow]):
    """Kinds with their counts."""

    def text(self, row: KindRow) -> str:
        return row.title

    def spoken(self, row: KindRow) -> str:
        return tr(
            "{what}: {n}, {severity}", what=row.title, n=row.count, severity=severity_name(row.severity)
        )

    def identity(self, row: KindRow) -> Any:
        return row.kind


class SubjectModel(RowListModel[SubjectRow]):
    """Subjects of a kind."""

    def text(self, row: SubjectRow) -> str:
        return row.title

    def spoken(self, row: SubjectRow) -> str:
        return f"{row.title}, {row.detail}" if row.detail else row.title

    def identity(self, row: SubjectRow) -> Any:
        return row.key


def severity_name(severity: str) -> str:
    """How much a finding matters, in the person's language."""
    return {"problem": tr("problem"), "warning": tr("worth a look"), "advice": tr("advice")}[severity]


def kind_rows(report: Report) -> list[KindRow]:
    """Kinds of a report that found something or have something ignored."""
    return [KindRow(f.kind, f.title, f.count, f.severity, f.ignored) for f in report.findings]


def subject_rows(library: Library, finding: Finding) -> list[SubjectRow]:
    """Rows of a finding; reads the assets and items, so not for the GUI thread."""
    first = [subject.asset_ids[0] for subject in finding.subjects if subject.asset_ids]
    assets = {asset.id: asset for asset in library.assets.get_many(first)}
    ids = [i for subject in finding.subjects for i in subject.item_ids]
    items = {item.id: item for item in library.items.get_many(ids)}
    rows = []
    for subject in finding.subjects:
        asset = assets.get(subject.asset_ids[0]) if subject.asset_ids else None
        if subject.asset_ids and (asset is None or asset.status == "trashed"):
            continue
        if asset is not None:
            title, detail = asset.title or asset.rel_path, _detail(finding.kind, subject, asset)
        elif subject.item_ids:
            item = items.get(subject.item_ids[0])
            if item is None:
                continue
            title, detail = item.title or item.sku, item.category
        else:
            title, detail = subject.word, tr("{n} in all", n=int(subject.value or 0))
        rows.append(SubjectRow(subject.key, subject, title, detail, asset))
    return rows


def _detail(kind: str, subject: Subject, asset: Asset) -> str:
    value = subject.value
    if kind in ("exact", "near"):
        copies = len(subject.asset_ids)
        words = [] if kind == "exact" or value is None else [tr("{n} % alike", n=int(100 * value))]
        return " · ".join([*words, tr("{n} copies", n=copies), kind_name(asset.kind)])
    if kind == "language":
        return subject.word
    if value is not None and kind == "blurred":
        return tr("sharpness {n} of 100", n=round(100 * value))
    if value is not None and kind == "dark":
        return tr("{n} % black", n=round(100 * value))
    if value is not None and kind in ("silent", "clipped"):
        return (
            tr("{n} % silent", n=round(100 * value))
            if kind == "silent"
            else tr("{n} % at full scale", n=f"{100 * value:.1f}")
        )
    return asset.status_note or asset.rel_path


def sides(library: Library, subject: Subject, keep: int) -> list[Side]:
    """The copies of a group with their facts, ``keep`` first; reads the database."""
    ids = sorted(subject.asset_ids, key=lambda i: i != keep)
    assets = [asset for asset in library.assets.get_many(ids) if asset.status != "trashed"]
    tags = library.assets.tags_of([asset.id for asset in assets])
    made = []
    for asset in assets:
        items = library.items.get_many(library.items.items_of_asset(asset.id))
        facts = {
            tr("Size"): f"{asset.width} × {asset.height}" if asset.width else "",
            tr("Length"): duration_text(asset.duration) if asset.duration else "",
            tr("File"): size_text(asset.size),
            tr("Taken"): (asset.captured_at or "")[:16].replace("T", " "),
            tr("Added"): asset.added_at[:10],
            tr("Tags"): ", ".join(tags[asset.id]),
            tr("Items"): ", ".join(item.title or item.sku for item in items),
            tr("Rating"): "★" * asset.rating,
            tr("Path"): str(library.assets.path_of(asset)),
        }
        text = library.assets.text_of(asset.id) if asset.kind == "text" else ""
        made.append(Side(asset, facts, text))
    return made


def facts_shown(shown: Sequence[Side]) -> list[str]:
    """Names of the facts that one of the sides has."""
    return [name for name in shown[0].facts if any(side.facts[name] for side in shown)] if shown else []
