"""Items and audiences by the names that commands are given."""

from __future__ import annotations

from mmstudio.errors import NotFound
from mmstudio.library import Audience, Item
from mmstudio.studio import Studio


def named_audience(opened: Studio, name: str) -> Audience:
    """The audience of this name. Raises NotFound."""
    audience = opened.library.audiences.by_name(name)
    if audience is None:
        raise NotFound(
            "There is no audience called {name}.",
            hint="`mmstudio audiences LIB list` names those there are.",
            name=name,
        )
    return audience


def named_item(opened: Studio, sku: str) -> Item:
    """The item with this sku. Raises NotFound."""
    item = opened.library.items.by_sku(sku)
    if item is None:
        raise NotFound(
            "There is no item with the sku {sku}.", hint="`mmstudio search LIB WORDS` finds items.", sku=sku
        )
    return item
