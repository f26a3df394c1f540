"""From a recipe, an item and an audience to a saved storyboard; and its later edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmstudio.composition.recipe import get_recipe
from mmstudio.composition.steps import COPY_SLOTS, STEPS, Draft, captions_for
from mmstudio.composition.storyboard import ImageLayer, Source, SourceKind, Storyboard
from mmstudio.errors import StudioError, UsageError
from mmstudio.generation.price import format_price

if TYPE_CHECKING:
    from mmstudio.features import Features
    from mmstudio.generation import Generation
    from mmstudio.library import Library

EDITABLE = (*COPY_SLOTS, "hero")


def compose(
    recipe: str,
    library: Library,
    features: Features | None,
    generation: Generation | None,
    item_id: int,
    audience_id: int | None = None,
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
) -> Storyboard:
    """Make a storyboard; nothing is saved but the parts a model made for it.

    Args:
        overrides: words instead of the written ones (``headline``, ``line``, ``price``, ``cta``, ``eyebrow``,
            ``quote``; a number as ``price`` is formatted for the audience) and ``hero``, an asset id.

    Raises:
        NotFound: no such recipe, item, audience or picture.
        UsageError: an override that the recipe does not know.
    """
    _check(overrides)
    chosen = get_recipe(recipe)
    audience = library.audiences.get(audience_id) if audience_id is not None else None
    locale = audience.locale if audience and audience.locale else "en"
    item = library.items.get(item_id).in_locale(locale)
    name = f"{item.title or item.sku} · {audience.name}" if audience else item.title or item.sku
    board = Storyboard(
        name=name,
        recipe=chosen.name,
        size=chosen.size,
        fps=chosen.fps,
        item_id=item_id,
        audience_id=audience_id,
        locale=locale,
        seed=seed,
    )
    draft = Draft(
        library, generation, chosen, item, audience, list(library.items.reviews_of(item_id)), seed,
        dict(overrides or {}), board,
    )  # fmt: skip
    if features is not None:
        texts = features.texts
        draft.judge = lambda sentence: texts.sentiment().score(sentence)  # learned when a quote is weighed
    for step in chosen.steps:
        if step not in STEPS:
            raise StudioError(
                "The recipe {name} asks for the unknown step {step}.",
                hint="Check its recipe.toml.",
                name=chosen.name,
                step=step,
            )
        STEPS[step](draft)
    return board


def _check(overrides: Mapping[str, Any] | None) -> None:
    unknown = sorted(set(overrides or {}) - set(EDITABLE))
    if unknown:
        raise UsageError(
            "{names} cannot be changed in a storyboard.",
            hint="Use: {known}.",
            names=", ".join(unknown),
            known=", ".join(EDITABLE),
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
        item_id: int,
        audience_id: int | None = None,
        *,
        seed: int = 0,
        overrides: Mapping[str, Any] | None = None,
        **words: Any,
    ) -> Storyboard:
        """Compose and save; overrides may be given as a mapping or as keywords. Raises as :func:`compose`."""
        board = compose(
            recipe,
            self._library,
            self._features,
            self._generation,
            item_id,
            audience_id,
            seed,
            {**(overrides or {}), **words},
        )
        return self.save(board)

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
        _check(changes)
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
