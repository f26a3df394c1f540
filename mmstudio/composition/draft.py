"""A storyboard in the making: what the steps of a recipe are handed and fill in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mmstudio.composition.inputs import Inputs
from mmstudio.composition.recipe import Recipe
from mmstudio.composition.storyboard import Source, SourceKind, Storyboard
from mmstudio.errors import UsageError

if TYPE_CHECKING:
    from mmstudio.features import Features
    from mmstudio.generation import Generation
    from mmstudio.jobs import JobContext
    from mmstudio.library import Asset, Audience, Item, Library, Review


@dataclass(slots=True)
class Draft:
    """A storyboard in the making and what it is made from.

    ``item`` is None where the recipe needs none; ``items`` are all items given, in their order and in the
    storyboard's language. ``pictures``: asset ids by the name that layers call them by. ``context``: the job
    it is made in, if any; ``features``, ``generation``: None where a library is used without them.
    """

    library: Library
    generation: Generation | None
    recipe: Recipe
    item: Item | None
    audience: Audience | None
    reviews: list[Review]
    seed: int
    overrides: dict[str, Any]
    board: Storyboard
    pictures: dict[str, int] = field(default_factory=dict)
    background: int | None = None
    model: str = ""
    judge: Callable[[str], float] | None = None  # how well a sentence of a review speaks; None: a lexicon
    inputs: Inputs = field(default_factory=Inputs)
    items: list[Item] = field(default_factory=list)
    features: Features | None = None
    context: JobContext | None = None
    plan: dict[str, Any] = field(default_factory=dict)  # what one step leaves for the next

    def need_item(self) -> Item:
        """The item. Raises UsageError when the recipe was given none."""
        if self.item is None:
            raise UsageError("This recipe needs an item.", hint="Choose the item it is about.")
        return self.item

    def option(self, name: str) -> Any:
        """The value of one of the recipe's options, else its default. Raises UsageError."""
        return self.recipe.option(name, self.inputs.options)

    def asset(self, asset_id: int) -> Asset:
        """An asset of the library. Raises NotFound."""
        return self.library.assets.get(asset_id)

    def add_source(
        self, part: str, kind: SourceKind, asset_id: int | None = None, detail: str = "", rights: str = ""
    ) -> None:
        """Say where a part of the storyboard comes from."""
        self.board.sources.append(Source(part, kind, asset_id, detail, rights))

    def add_asset_source(self, part: str, asset_id: int) -> None:
        """Say that a part is an asset of the library, generated or not. Raises NotFound."""
        asset = self.asset(asset_id)
        kind: SourceKind = "generated" if asset.origin == "generated" else "asset"
        self.add_source(part, kind, asset_id, asset.title, asset.rights)

    def breathe(self) -> None:
        """Called inside long steps: raises Cancelled once the person asked to stop."""
        if self.context is not None:
            self.context.raise_if_cancelled()


# A step fills in its part; a long one yields how much of it is done (0 to 1) as it goes.
Step = Callable[[Draft], Iterator[float] | None]


def run_step(step: Step, draft: Draft) -> Iterator[float]:
    """Run a step to its end, handing on what it says of its progress."""
    going: Iterable[float] = step(draft) or ()
    for share in going:
        draft.breathe()
        yield min(max(share, 0.0), 1.0)
