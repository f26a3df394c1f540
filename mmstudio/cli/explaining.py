"""What ``mmstudio recommend`` says about one item: why it is there, why it is not, what a like changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmstudio.cli.assets import named_item
from mmstudio.cli.console import print_json, say, table
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library import Audience
    from mmstudio.recommendation.records import ScorePart
    from mmstudio.studio import Studio


def explained(opened: Studio, who: Audience, sku: str, method: str, engine: str, as_json: bool) -> None:
    """The score of an item in its parts, and one sentence; with ``engine`` worded by a language model."""
    from mmstudio.recommendation import explanations

    item = named_item(opened, sku)
    found = explanations.explain(opened.recommender, who.id, item.id, method=method)
    said, by = found.sentence, "template"
    if engine:
        said, by = explanations.worded(opened.copywriter, found, who, engine)
    if as_json:
        print_json(
            {
                "sku": item.sku, "score": found.score, "sentence": said, "by": by,
                "parts": _parts(opened, found.parts), "words": dict(found.words), "tags": found.tags,
            }
        )  # fmt: skip
        return
    say(f"{item.title or item.sku}: {said}")
    _bars(opened, found.parts)
    if found.words:
        listed = tr(", ").join(f"{word} {value:+.3f}" for word, value in found.words)
        say(tr("Words of the brief: {words}", words=listed))
    if found.tags:
        say(tr("In common: {tags}", tags=tr(", ").join(found.tags)))


def not_there(opened: Studio, who: Audience, sku: str, k: int, wish: dict[str, Any], as_json: bool) -> None:
    """Why an item is not among the first k."""
    from mmstudio.recommendation import explanations

    item = named_item(opened, sku)
    found = explanations.why_not(opened.recommender, who.id, item.id, k=k, **wish)
    if as_json:
        print_json(
            {
                "sku": item.sku, "sentence": found.sentence, "rank": found.rank,
                "removed_by": found.removed_by, "missing": found.missing,
                "parts": _parts(opened, found.parts),
            }
        )  # fmt: skip
        return
    say(found.sentence)
    _bars(opened, found.parts)


def without(
    opened: Studio, who: Audience, skus: list[str], k: int, wish: dict[str, Any], as_json: bool
) -> None:
    """How the list would change without some of the likes."""
    from mmstudio.recommendation import explanations

    gone = [named_item(opened, sku).id for sku in skus]
    found = explanations.what_if(opened.recommender, who.id, without=gone, k=k, **wish)
    names = {i.id: (i.sku, i.title) for i in opened.library.items.get_many([one.item_id for one in found])}
    if as_json:
        rows = [{"sku": names[c.item_id][0], "before": c.before_rank, "after": c.after_rank} for c in found]
        print_json({"audience": who.name, "without": skus, "changes": rows})
        return
    table(
        [tr("item"), tr("now"), tr("then")],
        [
            [names[c.item_id][1] or names[c.item_id][0], c.before_rank or "–", c.after_rank or "–"]
            for c in found
        ],
    )


def _parts(opened: Studio, parts: list[ScorePart]) -> list[dict[str, Any]]:
    skus = _skus(opened, parts)
    return [
        {
            "label": part.label, "kind": part.kind, "value": part.value,
            "items": {skus[item]: value for item, value in part.anchors if item in skus},
        }
        for part in parts
    ]  # fmt: skip


def _bars(opened: Studio, parts: list[ScorePart]) -> None:
    skus = _skus(opened, parts)
    longest = max((abs(part.value) for part in parts), default=1.0) or 1.0
    rows = []
    for part in parts:
        bar = "█" * max(1, round(20 * abs(part.value) / longest))
        items = tr(", ").join(f"{skus[i]} {value:+.3f}" for i, value in part.anchors if i in skus)
        rows.append([part.label, f"{part.value:+.3f}", bar if part.value > 0 else f"−{bar}", items])
    total = sum(part.value for part in parts)
    table(["", tr("score"), "", tr("by item")], [*rows, [tr("in all"), f"{total:+.3f}", "", ""]])


def _skus(opened: Studio, parts: list[ScorePart]) -> dict[int, str]:
    ids = {item for part in parts for item, _ in part.anchors}
    return {item.id: item.sku for item in opened.library.items.get_many(sorted(ids))}
