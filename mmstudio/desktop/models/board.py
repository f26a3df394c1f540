"""A storyboard as the preview needs it: read in one go off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.composition.names import part_name
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.library import Library
    from mmstudio.library.records import Approval, Audience, Item
    from mmstudio.library.remarks import Remark


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """A storyboard with what stands beside it.

    Attributes:
        pictures: (asset id, title) of the item's pictures, to choose the main one from.
        hero: the asset that is the main picture now.
        sources: lines that say where each part came from.
        approvals: newest first.
        remarks: on the whole first, then by time.
        brand: who sells it, for a mock-up; "" where nothing says.
    """

    board: Storyboard
    item_title: str
    audience_name: str
    pictures: list[tuple[int, str]]
    hero: int | None
    sources: list[str]
    approvals: list[Approval]
    remarks: list[Remark]
    brand: str


@dataclass(frozen=True, slots=True)
class SavedBoard:
    """One line of the list of earlier ads."""

    id: int
    title: str
    audience: str
    when: str


def read_board(library: Library, storyboard_id: int) -> BoardFacts:
    """Read a saved storyboard. Raises NotFound, StudioError where it cannot be read."""
    from mmstudio.composition import Storyboard

    row = library.storyboards.get(storyboard_id)
    board = Storyboard.from_dict(row.data, id=row.id)
    item = library.items.get_many([board.item_id])[0:1] if board.item_id is not None else []
    pictures: list[tuple[int, str]] = []
    for item_asset in library.items.assets_of(board.item_id) if board.item_id is not None else []:
        for asset in library.assets.get_many([item_asset.asset_id]):
            if asset.kind == "image" and all(asset.id != known for known, _title in pictures):
                pictures.append((asset.id, asset.title))
    audience = _audience(library, board.audience_id)
    return BoardFacts(
        board,
        item[0].title if item else board.name,
        audience.name if audience else "",
        pictures,
        hero_of(board),
        source_lines(library, board),
        sorted(library.storyboards.approvals(storyboard_id), key=lambda a: a.id, reverse=True),
        list(library.remarks.of(storyboard_id)),
        _brand(item[0]) if item else "",
    )


def _brand(item: Item) -> str:
    """The brand an item names among its attributes."""
    return next((str(item.attributes[key]) for key in ("brand", "Brand") if item.attributes.get(key)), "")


def hero_of(board: Storyboard) -> int | None:
    """The asset in the hero's place, None where there is none."""
    from mmstudio.composition.storyboard import ImageLayer

    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, ImageLayer) and layer.asset_id is not None and layer.source == "hero":
                return layer.asset_id
    return None


def source_lines(library: Library, board: Storyboard) -> list[str]:
    """Where every part came from, one sentence each."""
    ids = [s.asset_id for s in board.sources if s.asset_id is not None]
    titles = {a.id: a.title or a.rel_path for a in library.assets.get_many(ids)} if ids else {}
    lines: list[str] = []
    for source in board.sources:
        if source.kind == "facts":
            continue  # each line of copy names its own facts below
        what = titles.get(source.asset_id or -1, "") or tr(source.detail)
        extra = f" ({tr(source.detail)})" if source.detail and tr(source.detail) != what else ""
        lines.append(tr("{part}: {what}", part=part_name(board, source.part), what=f"{what}{extra}"))
    for slot, facts in board.facts.items():
        if facts:
            lines.append(tr("{part}: {what}", part=part_name(board, slot), what="; ".join(facts)))
    return lines


def saved_boards(library: Library, limit: int = 30) -> list[SavedBoard]:
    """Earlier ads, newest first."""
    rows = library.storyboards.list()[:limit]
    names = {a.id: a.name for a in library.audiences.list()}
    ids = [r.item_id for r in rows if r.item_id is not None]
    titles = {i.id: i.title for i in library.items.get_many(ids)} if ids else {}
    return [
        SavedBoard(
            r.id, titles.get(r.item_id or -1, r.name), names.get(r.audience_id or -1, ""), r.updated_at[:16]
        )
        for r in rows
    ]


def _audience(library: Library, audience_id: int | None) -> Audience | None:
    return next((a for a in library.audiences.list() if a.id == audience_id), None)
