"""Steps of the product card and the product ad: as many scenes as there is something to show and to tell."""

from __future__ import annotations

from mmstudio.composition.draft import Draft
from mmstudio.composition.spoken import choose_voice, speaking_time
from mmstudio.composition.steps.pictures import pictures_of
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.storyboard import ImageLayer, TextLayer
from mmstudio.features.texts.quotes import choose_quotes
from mmstudio.generation.copywriting.lines import FactsWriter, is_chinese
from mmstudio.i18n import speaking, tr

_MOST_LOOKS = 3  # scenes between the detail and the end card
_SHOWN_RATING = 4.0  # of five: an average below is not shown off
_LONGEST = 60.0  # seconds of an ad that waits for its voice
_STARS = "★★★★★"

_LOOK, _QUOTE = 2.4, 2.8  # seconds


def rating(draft: Draft) -> None:
    """Say how buyers rate the item, where they do so well: stars, average and number of reviews."""
    rated = [review.rating for review in draft.reviews if review.rating is not None and review.rating <= 5]
    average = sum(rated) / len(rated) if rated else 0.0
    if len(rated) < 2 or average < _SHOWN_RATING:
        draft.board.copy["rating"] = ""
        return
    with speaking(draft.board.locale):
        said = tr("{average} · {n} reviews", average=f"{average:.1f} ★", n=len(rated))
    draft.board.copy["rating"] = said  # the star after its figure: a claim that the guard reads as stars
    draft.board.facts["rating"] = [f"rating: {average:.1f} of 5 in {len(rated)} reviews"]


def ad_scenes(draft: Draft) -> None:
    """Hero, detail and end card; between them a scene for every further picture, and one for a review.

    A voice that is longer than the scenes draws them out, up to a minute.
    """
    looks = _looks(draft)[: _MOST_LOOKS if draft.option("length") == "full" else 0]
    lines = _lines(draft, len(looks))
    quoted = bool(draft.board.copy.get("quote")) and bool(looks)
    if quoted:
        draft.board.copy["quote_by"] = _quoted_by(draft)
    durations = {str(plain["name"]): float(plain["duration"]) for plain in draft.recipe.scenes}
    order: list[tuple[str, dict[str, str], dict[str, int | None]]] = [("hero", {}, {}), ("detail", {}, {})]
    for number, asset_id in enumerate(looks):
        line = lines[number] if number < len(lines) else ""
        pattern = ("look" if number % 2 == 0 else "look_dark") if line else "shot"
        order.append((pattern, {"point": line} if line else {}, {"look": asset_id}))
    if quoted:
        order.append(("quote", {}, {}))
    order.append(("card", {}, {}))
    longer = _stretch(draft, sum(durations[pattern] for pattern, _, _ in order))
    start = 0.0
    for pattern, copy, shown in order:
        scene = make_scene(
            draft, pattern, start, round(durations[pattern] * longer, 3), copy=copy, pictures=shown
        )
        if quoted and pattern == "detail":  # it has a scene of its own
            scene.layers = [one for one in scene.layers if getattr(one, "bind", "") != "quote"]
        for layer in scene.layers:
            if (
                isinstance(layer, ImageLayer)
                and layer.source.endswith(".look")
                and layer.asset_id is not None
            ):
                draft.add_asset_source(layer.source, layer.asset_id)
            if isinstance(layer, TextLayer) and layer.bind.endswith(".point"):
                draft.board.facts[layer.bind] = draft.plan["points"].get(draft.board.copy[layer.bind], [])
        start = scene.end
    finish_scenes(draft)


def _looks(draft: Draft) -> list[int]:
    """Pictures and clips of the item that the hero and the detail scene leave over, clips first."""
    used = set(draft.pictures.values())
    links = draft.library.items.assets_of(draft.need_item().id)
    clips = [link.asset_id for link in links if link.role == "clip"]
    usable = [
        a.id for a in draft.library.assets.get_many(clips) if a.kind == "video" and a.rights != "restricted"
    ]
    return [*usable[:1], *(one for one in pictures_of(draft) if one not in used)]


def _lines(draft: Draft, count: int) -> list[str]:
    told = {
        fact for slot in ("headline", "line", "quote", "eyebrow") for fact in draft.board.facts.get(slot, [])
    }
    writer = FactsWriter(draft.judge)
    found = writer.several(draft.need_item(), draft.audience, count, told) if count else []
    draft.plan["points"] = {line.text: line.facts for line in found}
    return [line.text for line in found]


def _quoted_by(draft: Draft) -> str:
    """Stars and initials of the review that the quote is from, as far as they are known."""
    said = draft.board.copy["quote"]
    chinese = is_chinese(draft.board.locale)
    quotes = (
        choose_quotes(draft.reviews, draft.judge, chinese) if draft.judge else choose_quotes(draft.reviews)
    )
    found = next((quote for quote in quotes if quote.text == said), None)
    if found is None:
        return ""
    stars = _STARS[: round(found.rating)] if found.rating is not None and found.rating <= 5 else ""
    return "  ".join(part for part in (stars, found.author) if part)


def _stretch(draft: Draft, seconds: float) -> float:
    """How much longer than planned every scene is, so that the voice is heard to its end."""
    if draft.item is None or draft.recipe.pages:
        return 1.0
    spoken = choose_voice(draft.library, draft.item.id, _LONGEST)
    if spoken is None:
        return 1.0
    return max(1.0, min(speaking_time(draft.library, spoken[0]), _LONGEST) / seconds)
