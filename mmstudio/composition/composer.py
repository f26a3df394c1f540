"""From a recipe and what it is given to a saved storyboard; and its later edits."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmstudio.composition.brand.apply import apply as apply_brand
from mmstudio.composition.brand.kit import chosen_kit
from mmstudio.composition.draft import Draft, run_step
from mmstudio.composition.inputs import Inputs, Need
from mmstudio.composition.keeping import keep_locked, locked_words
from mmstudio.composition.recipe import Recipe, get_recipe
from mmstudio.composition.steps import load_step
from mmstudio.composition.steps.words import COPY_SLOTS, captions_for
from mmstudio.composition.storyboard import ImageLayer, Source, SourceKind, Storyboard
from mmstudio.errors import StudioError, UsageError
from mmstudio.generation.price import format_price
from mmstudio.i18n import mark, tr
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from mmstudio.features import Features
    from mmstudio.generation import Generation
    from mmstudio.library import Audience, Item, Library

EDITABLE = (*COPY_SLOTS, "hero")
LONGEST_TEXT = 200_000  # characters of an outline or a lesson that are read
_NAME = 120  # characters of a storyboard's name
_WANTED: dict[Need, str] = {
    "item": mark("an item"),
    "items": mark("several items"),
    "pictures": mark("pictures"),
    "track": mark("a sound to cut on"),
    "text": mark("a text"),
    "question": mark("a question"),
    "records": mark("records"),
    "clips": mark("clips"),
    "character": mark("a character"),
}


def compose(
    recipe: str,
    library: Library,
    features: Features | None,
    generation: Generation | None,
    item_id: int | None = None,
    audience_id: int | None = None,
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
    *,
    inputs: Inputs | Mapping[str, Any] | None = None,
    keep: Storyboard | None = None,
) -> Storyboard:
    """Make a storyboard; nothing is saved but the parts a model made for it.

    Args:
        overrides: words by copy slot instead of the written ones (``headline``, ``line``, ``price``, ``cta``,
            ``eyebrow``, ``quote``, ``scene2.line``; a number as ``price`` is formatted for the audience) and
            ``hero``, an asset id.
        inputs: everything else a recipe may be given; ``item_id`` and the like above win over it.
        keep: a storyboard of the same recipe whose locked layers and words stay as they are.

    Raises:
        NotFound: no such recipe, item, audience or picture.
        UsageError: an override or an input that the recipe does not know, or one that it needs is missing.
    """
    given = _gathered(inputs, item_id, audience_id, seed, overrides)
    draft = _begin(recipe, library, features, generation, given, keep)
    for _ in _steps(draft):
        pass
    return _finished(draft, keep)


def _gathered(
    inputs: Inputs | Mapping[str, Any] | None,
    item_id: int | None,
    audience_id: int | None,
    seed: int,
    overrides: Mapping[str, Any] | None,
) -> Inputs:
    made = inputs if isinstance(inputs, Inputs) else Inputs.from_dict(inputs or {})
    made = replace(
        made,
        item_ids=list(made.item_ids),
        asset_ids=list(made.asset_ids),
        characters=list(made.characters),
        options=dict(made.options),
        overrides={**made.overrides, **(overrides or {})},
        seed=seed or made.seed,
        text=made.text[:LONGEST_TEXT],
        title=" ".join(made.title.split())[:2000],
    )
    if item_id is not None:
        made.item_id = item_id
    if audience_id is not None:
        made.audience_id = audience_id
    return made


def _begin(
    recipe: str,
    library: Library,
    features: Features | None,
    generation: Generation | None,
    given: Inputs,
    keep: Storyboard | None,
) -> Draft:
    """The empty draft of a recipe, with everything looked up and checked."""
    chosen = get_recipe(recipe)
    if "items" in chosen.needs and not given.item_ids and given.item_id is not None:
        given.item_ids = [given.item_id]
    if given.item_id is None and given.item_ids and "items" not in chosen.needs:
        given.item_id = given.item_ids[0]
    words = {**(locked_words(keep) if keep is not None else {}), **given.overrides}
    _check(words, chosen)
    _check_needs(chosen, given)
    audience = library.audiences.get(given.audience_id) if given.audience_id is not None else None
    locale = given.locale or (audience.locale if audience and audience.locale else "en")
    ids = given.item_ids or ([given.item_id] if given.item_id is not None else [])
    items = [library.items.get(number).in_locale(locale) for number in dict.fromkeys(ids)]
    item = library.items.get(given.item_id).in_locale(locale) if given.item_id is not None else None
    board = Storyboard(
        name=_name(chosen, given, item, audience),
        recipe=chosen.name,
        size=chosen.size,
        fps=chosen.fps,
        item_id=given.item_id,
        audience_id=given.audience_id,
        locale=locale,
        seed=given.seed,
        pages=chosen.pages,
        inputs=given.to_dict(),
    )
    reviews = list(library.items.reviews_of(item.id)) if item is not None else []
    draft = Draft(
        library, None if given.model == "none" else generation, chosen, item, audience, reviews, given.seed,
        words, board, inputs=given, items=items, features=features,
    )  # fmt: skip
    if features is not None:
        texts = features.texts
        draft.judge = lambda sentence: texts.sentiment().score(sentence)  # learned when a quote is weighed
    return draft


def _name(recipe: Recipe, given: Inputs, item: Item | None, audience: Audience | None) -> str:
    first = next((line.strip(" #\t") for line in given.text.splitlines() if line.strip(" #\t")), "")
    name = given.title or (item.title or item.sku if item is not None else first) or tr(recipe.label)
    name = " ".join(name.split())
    name = name if len(name) <= _NAME else f"{name[: _NAME - 1].rstrip()}…"
    return f"{name} · {audience.name}" if audience else name


def _steps(draft: Draft) -> Iterator[float]:
    """Run the recipe's steps; yields the share of the whole that is done."""
    names = draft.recipe.steps
    for number, name in enumerate(names):
        draft.breathe()
        for share in run_step(load_step(name), draft):
            yield (number + share) / len(names)
        yield (number + 1) / len(names)


def _finished(draft: Draft, keep: Storyboard | None) -> Storyboard:
    kit = chosen_kit(draft.library)
    if kit is not None:
        apply_brand(draft.board, kit, draft.library)
    if keep is not None:
        keep_locked(draft.board, keep)
    _record_fonts(draft.board)
    return draft.board


def _record_fonts(board: Storyboard) -> None:
    """The font files its texts are drawn with here; left to the export where nothing can be drawn yet."""
    from mmstudio.composition.render import fonts

    try:
        board.fonts = fonts.resolve(board)
    except StudioError:  # no drawing on this thread before the main one readied it
        board.fonts = []


def _check_needs(recipe: Recipe, given: Inputs) -> None:
    """Raise UsageError for what a recipe needs and was not given, or was given and does not know."""
    there = {
        "item": given.item_id is not None,
        "items": bool(given.item_ids),
        "pictures": bool(given.asset_ids),
        "clips": bool(given.asset_ids),
        "track": given.track_id is not None,
        "text": bool(given.text.strip()),
        "question": bool(given.text.strip()),
        "records": bool(given.text.strip() or given.asset_ids or given.item_ids),
        "character": bool(given.characters),
    }
    for need in recipe.needs:
        if not there[need]:
            raise UsageError(
                "The recipe {name} needs {what}.",
                hint="Give it {what} and compose again.",
                name=tr(recipe.label),
                what=tr(_WANTED[need]),
            )
    for name, value in given.options.items():
        option = recipe.options.get(name)
        if option is None:
            known = ", ".join(recipe.options) or "–"
            raise UsageError(
                "The recipe {name} has no option called {option}.",
                hint="It knows: {known}.",
                name=tr(recipe.label),
                option=name[:60],
                known=known,
            )
        option.value(value)


def _check(
    overrides: Mapping[str, Any] | None, recipe: Recipe | None, slots: Mapping[str, str] | None = None
) -> None:
    """Raise UsageError for words of a slot that there is none of."""
    known = {*EDITABLE, *(recipe.binds() if recipe is not None else ()), *(slots or {})}
    unknown = sorted(
        name
        for name in overrides or {}
        if name not in known
        and (slots is not None or name.rpartition(".")[2] not in known or "." not in name)
    )
    if unknown:
        raise UsageError(
            "{names} cannot be changed in a storyboard.",
            hint="Use: {known}.",
            names=", ".join(unknown)[:200],
            known=", ".join([*EDITABLE, *sorted(known - set(EDITABLE))]),
        )


class Composer:
    """Composes storyboards of one library and keeps them there."""

    def __init__(self, library: Library, features: Features | None, generation: Generation | None) -> None:
        self._library = library
        self._features = features
        self._generation = generation

    def compose(
        self,
        recipe: str,
        item_id: int | None = None,
        audience_id: int | None = None,
        *,
        seed: int = 0,
        overrides: Mapping[str, Any] | None = None,
        inputs: Inputs | Mapping[str, Any] | None = None,
        keep: Storyboard | None = None,
        **words: Any,
    ) -> Storyboard:
        """Compose and save; overrides may be given as a mapping or as keywords. Raises as :func:`compose`."""
        given = {**(overrides or {}), **words}
        return self.save(
            self.make(recipe, item_id, audience_id, seed=seed, overrides=given, inputs=inputs, keep=keep)
        )

    def make(
        self,
        recipe: str,
        item_id: int | None = None,
        audience_id: int | None = None,
        *,
        seed: int = 0,
        overrides: Mapping[str, Any] | None = None,
        inputs: Inputs | Mapping[str, Any] | None = None,
        keep: Storyboard | None = None,
    ) -> Storyboard:
        """Compose without saving. Raises as :func:`compose`."""
        return compose(
            recipe,
            self._library,
            self._features,
            self._generation,
            item_id,
            audience_id,
            seed,
            overrides,
            inputs=inputs,
            keep=keep,
        )

    def again(self, board: Storyboard, *, seed: int | None = None) -> Storyboard:
        """The storyboard made anew from what it was composed from, with another seed where one is given.

        Locked layers and their words stay as they are; it keeps its id and is not saved. Raises as
        :func:`compose`, and UsageError when the storyboard was made by hand.
        """
        if not board.recipe:
            raise UsageError("This storyboard was not made by a recipe.", hint="Change its parts by hand.")
        given = Inputs.from_dict(board.inputs)
        if given.item_id is None and board.item_id is not None:  # composed before inputs were kept
            given = replace(given, item_id=board.item_id, audience_id=board.audience_id, seed=board.seed)
        if seed is not None:
            given = replace(given, seed=seed)
        made = self.make(board.recipe, inputs=given, keep=board)
        made.id = board.id
        return made

    def work(
        self,
        recipe: str,
        item_id: int | None = None,
        audience_id: int | None = None,
        seed: int = 0,
        overrides: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> Work:
        """The job that composes and saves: progress, cancellable between and inside steps.

        Result: {"storyboard": id, "notes": sentences}. Raises as :func:`compose`.
        """

        def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
            given = _gathered(inputs, item_id, audience_id, seed, overrides)
            draft = _begin(recipe, self._library, self._features, self._generation, given, None)
            draft.context = context
            yield Progress(0, 100)
            for share in _steps(draft):
                context.raise_if_cancelled()
                yield Progress(round(100 * share), 100)
            board = self.save(_finished(draft, None))
            # What a person should know at once, such as a voice that is not on this computer.
            notes = [s.detail for s in board.sources if s.part == "voice" and s.kind == "drawn" and s.detail]
            return {"storyboard": board.id, "notes": notes}

        return run

    def load(self, storyboard_id: int) -> Storyboard:
        """A saved storyboard. Raises NotFound."""
        row = self._library.storyboards.get(storyboard_id)
        return Storyboard.from_dict(row.data, row.id)

    def save(self, board: Storyboard) -> Storyboard:
        """Keep a storyboard, replacing its earlier state; gives it its id."""
        board.id = self._library.storyboards.save(
            board.name, board.recipe, board.item_id, board.audience_id, board.to_dict(), id=board.id
        )
        return board

    def edit(self, storyboard_id: int, **changes: Any) -> Storyboard:
        """Change words or the hero picture of a saved storyboard and save it. Raises UsageError, NotFound."""
        board = self.load(storyboard_id)
        self.apply(board, **changes)
        return self.save(board)

    def apply(self, board: Storyboard, **changes: Any) -> None:
        """Change words or the hero picture of a storyboard in place; see :func:`compose` for the names."""
        _check(changes, None, board.copy)
        for slot, given in changes.items():
            if slot == "hero":
                self._change_hero(board, int(given))
                continue
            words = str(given)[:2000]
            if isinstance(given, int | float) and board.item_id is not None:
                currency = self._library.items.get(board.item_id).currency
                words = format_price(float(given), currency, board.locale)
            board.copy[slot] = words
            board.facts.pop(slot, None)
            board.sources = [s for s in board.sources if s.part != slot]
            board.sources.append(Source(slot, "person", None, words))
        board.captions = captions_for(self._library, board)

    def _change_hero(self, board: Storyboard, asset_id: int) -> None:
        asset = self._library.assets.get(asset_id)
        for scene in board.scenes:
            for layer in scene.layers:
                if isinstance(layer, ImageLayer) and layer.source == "hero":
                    layer.asset_id = asset_id
        board.sources = [s for s in board.sources if s.part != "hero"]
        kind: SourceKind = "generated" if asset.origin == "generated" else "asset"
        board.sources.insert(0, Source("hero", kind, asset_id, asset.title, asset.rights))
