"""What else could stand in a place: other pictures of the item, look-alikes, recommended items, made ones.

An alternative is cheap to list: a picture that a model would make is only made when it is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mmstudio.composition.editing.base import free_layer, layer_of, scene_of, with_layer, with_source
from mmstudio.composition.editing.flowing import followed
from mmstudio.composition.editing.layers import replace_asset, write
from mmstudio.composition.editing.saliency import focus_in
from mmstudio.composition.editing.sounds import put_sound
from mmstudio.composition.storyboard import (
    AnyLayer,
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    Source,
    Storyboard,
    TextLayer,
    VideoLayer,
)
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.editing.sounds import Role
    from mmstudio.features import Features
    from mmstudio.generation import Generation
    from mmstudio.generation.copywriting.contract import Task
    from mmstudio.library import Asset, Library
    from mmstudio.recommendation import Recommender

MOST = 12  # alternatives of a place
_MADE = 4  # of them made by a model
_RANKED = 8  # items asked of the recommender
Origin = Literal["item", "alike", "recommended", "similar", "library", "made", "written"]
WHY: dict[Origin, str] = {
    "item": mark("Another picture of the item"),
    "alike": mark("Looks alike"),
    "recommended": mark("Recommended to this audience"),
    "similar": mark("Of an item like this one"),
    "library": mark("From the library"),
    "made": mark("Made by {model}"),
    "written": mark("Written from the item's facts"),
}
_GROUND = mark("A background in the palette's colours, made by {model}")


class Services(Protocol):
    """The rooms that alternatives come from; :class:`mmstudio.studio.Studio` is one."""

    @property
    def features(self) -> Features:
        """Likeness."""

    @property
    def generation(self) -> Generation:
        """Models at work."""

    @property
    def recommender(self) -> Recommender:
        """Ranked items."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One thing that could stand there.

    Attributes:
        origin: where it comes from. title: what to call it. why: one short sentence, translated.
        asset_id: a picture, clip or sound of the library; None for words and for what is still to be made.
        kind: of the asset, or "text". text: words, and the facts they rest on. model, seed: how a
            picture would be made; own: by a model of the person's own, as it is (otherwise it is a background
            in the palette's colours).
    """

    origin: Origin
    title: str
    why: str
    kind: str = "image"
    asset_id: int | None = None
    text: str = ""
    model: str = ""
    seed: int = 0
    facts: tuple[str, ...] = ()
    own: bool = False


def alternatives(
    library: Library,
    board: Storyboard,
    scene: int,
    layer: str,
    services: Services | None = None,
    *,
    live: bool = True,
) -> list[Alternative]:
    """What else could stand in a layer's place, the nearest first, without what stands there now.

    Args:
        services: None leaves out likeness, recommendations, made pictures.
        live: ask the recommender now (the first time it may take seconds); False: what it said last.

    Raises:
        NotFound: no such layer. UsageError: it is locked.
    """
    held = free_layer(board, scene, layer)
    if isinstance(held, TextLayer):
        return _words(library, board, held)
    if isinstance(held, GeneratedLayer):
        made = _made(library, board, held, services)
        return [*made, *_pictures(library, board, held, services, live)][:MOST]
    if isinstance(held, ImageLayer | LogoLayer | VideoLayer):
        found = _pictures(library, board, held, services, live)
        room = _MADE if isinstance(held, ImageLayer) else 0
        made = _made(library, board, held, services) if room else []
        return [*found[: MOST - len(made)], *made]
    return []


def sound_alternatives(library: Library, board: Storyboard, name: str, most: int = MOST) -> list[Alternative]:
    """Other sounds for the music, the voice or an effect; the item's own first."""
    current = {"music": board.music, "voice": board.voice}.get(name)
    now = current.asset_id if current is not None else None
    roles = {"music": ("music",), "voice": ("voice",)}.get(name, ())
    own = [link.asset_id for link in _links(library, board) if link.role in roles]
    from mmstudio.library import AssetFilter

    wanted = AssetFilter(kinds=("audio",), min_duration=2.0 if name == "music" else None)
    ids = [*own, *library.assets.ids(wanted)[:200]]
    found: list[Alternative] = []
    for asset in _usable(library, ids, ("audio",)):
        if asset.id == now or len(found) >= most:
            continue
        origin: Origin = "item" if asset.id in own else "library"
        why = tr(WHY["library"]) if origin == "library" else tr("A sound of the item")
        found.append(Alternative(origin, asset.title or asset.rel_path, why, "audio", asset.id))
    return found


def choose(
    library: Library,
    board: Storyboard,
    scene: int,
    layer: str,
    chosen: Alternative,
    services: Services | None = None,
) -> Storyboard:
    """Put an alternative in a layer's place; a picture that is still to be made is made and kept first.

    Slow where something is read or made: call it off the GUI thread, for a made one on the device.

    Raises:
        UsageError, NotFound, StudioError: as :func:`replace_asset` and as the model.
    """
    if chosen.kind == "text":
        return _said(board, scene, layer, chosen)
    if chosen.origin == "made":
        if chosen.asset_id is None:
            if services is None:
                raise UsageError("There is no model to make it with.", hint="Train one first.")
            chosen = replace(chosen, asset_id=make(library, board, chosen, services))
        held = layer_of(board, scene, layer)
        if isinstance(held, GeneratedLayer):
            made = replace(held, asset_id=chosen.asset_id, model=chosen.model, seed=chosen.seed,
                           source=f"{scene_of(board, scene).name}/{layer}")  # fmt: skip
            source = Source(made.source, "generated", chosen.asset_id, chosen.model)
            return followed(board, with_source(with_layer(board, scene, made), source))
    assert chosen.asset_id is not None
    return place(library, board, scene, layer, chosen.asset_id)


def _said(board: Storyboard, scene: int, layer: str, chosen: Alternative) -> Storyboard:
    """Written words: they rest on facts, nobody has to answer for them."""
    made = write(board, scene, layer, chosen.text)
    held = layer_of(made, scene, layer)
    if made is board or not isinstance(held, TextLayer) or not held.bind or held.text:
        return made
    sources = [source for source in made.sources if source.part != held.bind]
    return replace(made, sources=sources, facts={**made.facts, held.bind: list(chosen.facts)})


def place(
    library: Library, board: Storyboard, scene: int, layer: str, asset_id: int, *, everywhere: bool = False
) -> Storyboard:
    """Put an asset of the library in a layer's place, looked at where its picture is; reads the picture.

    Raises:
        NotFound: no such asset or layer. UsageError: it is no picture or clip, may not be used, or is locked.
    """
    asset = library.assets.get(asset_id)
    check_usable(asset)
    rect = free_layer(board, scene, layer).rect
    return replace_asset(
        board, scene, layer, asset_id, asset.kind,
        focus=focus_for_asset(library, asset, rect, board.size),
        title=asset.title, rights=asset.rights, generated=asset.origin == "generated", everywhere=everywhere,
    )  # fmt: skip


def lay_sound(
    library: Library, board: Storyboard, role: Role, asset_id: int, start: float = 0.0
) -> tuple[Storyboard, str]:
    """Lay a sound of the library under the pictures; see :func:`sounds.put_sound`.

    Raises:
        NotFound: no such asset. UsageError: it is no sound or may not be used.
    """
    asset = library.assets.get(asset_id)
    check_usable(asset, ("audio", "video"))
    return put_sound(
        board, role, asset_id, start=start, title=asset.title or asset.rel_path, rights=asset.rights,
        generated=asset.origin == "generated",
    )  # fmt: skip


def check_usable(asset: Asset, kinds: tuple[str, ...] = ("image", "video")) -> None:
    """Raise UsageError for an asset of another kind, one whose file is not there, and one nobody may use."""
    title = asset.title or asset.rel_path
    if asset.kind not in kinds:
        pictures = "image" in kinds
        hint = "Use a picture or a clip." if pictures else "Use a sound."
        raise UsageError("{title} cannot stand here.", hint=hint, title=title)
    if asset.status != "ok":
        raise UsageError(
            "{title} cannot be read.", hint="Look for its file in the Library first.", title=title
        )
    if asset.rights == "restricted":
        raise UsageError("{title} may not be used.", hint="Its rights are set to restricted.", title=title)


def focus_for_asset(
    library: Library, asset: Asset, rect: Any, size: tuple[int, int]
) -> tuple[float, float] | None:
    """Where to look at a picture in a box of the canvas; None where it is no picture or cannot be read."""
    from mmstudio.media.image import image_array

    if asset.kind != "image" or rect.w <= 0 or rect.h <= 0:
        return None
    try:
        pixels = image_array(library.assets.path_of(asset), max_side=256)
    except (StudioError, OSError):
        return None
    return focus_in(pixels, rect.w * size[0] / max(rect.h * size[1], 1e-6))


def make(library: Library, board: Storyboard, wanted: Alternative, services: Services) -> int:
    """Make the picture of an alternative and keep it as an asset; its id. For the device thread.

    Raises:
        NotFound: no such model. StudioError: it cannot draw.
    """
    from mmstudio.composition.parts import make_background
    from mmstudio.jobs import run_inline

    if wanted.own:
        made_now = run_inline(services.generation.work(**made_by(wanted)))
        return int(made_now["assets"][0])
    accent = board.palette.get("accent", "#4060c0")
    colours = [board.palette.get(key, "#d0d0d8") for key in ("ground", "ground_2", "ground_3")]
    made = make_background(library, services.generation, accent, colours, wanted.seed, board.name)
    if made is None:
        raise NotFound("There is no trained model yet.", hint="Train one first.")
    return made[0]


def made_by(wanted: Alternative) -> dict[str, Any]:
    """The parameters of the job ("generate") that makes the picture of a person's own model."""
    return {"model": wanted.model, "n": 1, "seed": wanted.seed, "add_to_library": True}


# --- where they come from ---------------------------------------------------------------------------------


def _pictures(
    library: Library, board: Storyboard, layer: AnyLayer, services: Services | None, live: bool
) -> list[Alternative]:
    now = getattr(layer, "asset_id", None)
    kinds = ("image", "video") if isinstance(layer, VideoLayer) else ("image",)
    sources: list[tuple[Origin, Callable[[], list[int]]]] = [
        ("item", lambda: [link.asset_id for link in _links(library, board)
                          if link.role in ("hero", "detail", "clip")]),
    ]  # fmt: skip
    if services is not None:
        sources += [
            ("alike", lambda: _alike(services, now)),
            ("recommended", lambda: _recommended(library, board, services, live)),
        ]
        if board.audience_id is None:
            sources.append(("similar", lambda: _similar(library, board, services)))
    sources.append(("library", lambda: list(library.assets.ids(_newest(kinds)))[:40]))
    found: dict[int, Alternative] = {}
    per = {"item": MOST, "alike": 6, "recommended": 4, "similar": 4, "library": 6}
    for origin, ids in sources:
        added = 0
        for asset in _usable(library, ids(), kinds):
            if asset.id == now or asset.id in found or added >= per[origin]:
                continue
            if origin == "library" and asset.origin == "generated" and "background" in asset.title.lower():
                continue
            added += 1
            found[asset.id] = Alternative(
                origin, asset.title or asset.rel_path, tr(WHY[origin]), asset.kind, asset.id
            )
    return list(found.values())[:MOST]


def _newest(kinds: tuple[str, ...]) -> Any:
    from mmstudio.library import AssetFilter

    return AssetFilter(kinds=kinds)  # type: ignore[arg-type]


def _links(library: Library, board: Storyboard) -> Iterator[Any]:
    if board.item_id is None:
        return
    try:
        links = sorted(
            library.items.assets_of(board.item_id), key=lambda one: (one.role != "hero", one.position)
        )
    except NotFound:
        return  # the item is gone; its storyboard is not
    yield from links


def _alike(services: Services, asset_id: int | None) -> list[int]:
    if asset_id is None:
        return []
    try:
        hits = services.features.neighbours(asset_id, 12)
    except StudioError:
        return []
    return [hit.asset_id for hit in hits if hit.asset_id is not None]


def _recommended(library: Library, board: Storyboard, services: Services, live: bool) -> list[int]:
    """Main pictures of what the audience is recommended: now, or (in a hurry) what was kept."""
    if board.audience_id is None:
        return []
    own = [board.item_id] if board.item_id is not None else []
    items: list[int] = []
    try:
        if live:
            ranked = services.recommender.recommend(board.audience_id, _RANKED, exclude=own, save=False)
            items = [one.item_id for one in ranked]
        if not items:
            items = [int(one["item_id"]) for one in library.recommendations.load(board.audience_id)[:_RANKED]]
    except (StudioError, KeyError, ValueError):
        return []  # the audience is gone, or nothing can be ranked yet
    return _heroes(library, [item for item in items if item != board.item_id])


def _similar(library: Library, board: Storyboard, services: Services) -> list[int]:
    """Main pictures of items like the storyboard's own, where it speaks to everyone."""
    if board.item_id is None:
        return []
    try:
        hits = services.features.similar_items(board.item_id, _RANKED)
    except StudioError:
        return []
    return _heroes(library, [hit.item_id for hit in hits if hit.item_id is not None])


def _heroes(library: Library, items: list[int]) -> list[int]:
    found: list[int] = []
    for item in items:
        try:
            links = library.items.assets_of(item)
        except NotFound:
            continue
        found += [link.asset_id for link in links if link.role == "hero"][:1]
    return found


def _usable(library: Library, ids: list[int], kinds: tuple[str, ...]) -> list[Asset]:
    order = list(dict.fromkeys(ids))
    known = {asset.id: asset for asset in library.assets.get_many(order)}
    return [
        asset
        for id_ in order
        if (asset := known.get(id_)) is not None
        and asset.kind in kinds
        and asset.status == "ok"
        and asset.rights != "restricted"
    ]


def _made(
    library: Library, board: Storyboard, layer: AnyLayer, services: Services | None
) -> list[Alternative]:
    """Pictures that the person's own models would make; without one, backgrounds in the palette's colours."""
    if services is None:
        return []
    start = (getattr(layer, "seed", 0) or board.seed) + 1
    own = _own_models(services)
    if own:
        return [
            Alternative(
                "made", f"{model} {seed}", tr(WHY["made"], model=model), model=model, seed=seed, own=True
            )
            for n in range(_MADE)
            for model, seed in [(own[n % len(own)], start + n // len(own))]
        ]
    try:
        model = services.generation.default_model()
    except StudioError:
        return []
    why = tr(_GROUND, model=model)
    return [
        Alternative("made", tr("Ground {n}", n=n), why, model=model, seed=n)
        for n in range(start, start + _MADE)
    ]


def _own_models(services: Services) -> list[str]:
    """Picture models that the person trained or brought, the longest trained first."""
    found = [
        model
        for model in services.generation.trainings.models()
        if model.source != "starter"
        and model.status in ("ready", "training")
        and model.family.startswith("image-")
    ]
    return [model.name for model in sorted(found, key=lambda one: -one.steps)][:_MADE]


_TASKS: dict[str, Task] = {"headline": "headline", "line": "one_liner", "cta": "call_to_action"}


def _words(library: Library, board: Storyboard, layer: TextLayer) -> list[Alternative]:
    """Other words that rest on the item's facts."""
    slot = layer.bind.rpartition(".")[2]
    if board.item_id is None or not slot:
        return []
    from mmstudio.generation.copywriting.service import Copywriter

    task = _TASKS.get(slot)
    if task is None:
        return []
    writer = Copywriter(library)
    try:
        brief = writer.brief(task, board.item_id, board.audience_id, count=6)
        variants = writer.variants(brief)
    except StudioError:
        return []
    now = board.text_of(layer).strip()
    return [
        Alternative(
            "written", variant.text, tr(WHY["written"]), "text", None, variant.text, facts=variant.facts
        )
        for variant in variants
        if variant.text.strip() != now
    ][:MOST]
