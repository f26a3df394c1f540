"""A set as a storyboard: its picture, its bed and its line in the places that a recipe has for them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.composition.composer import compose
from mmstudio.composition.parts import settle
from mmstudio.composition.steps.pictures import ground_colours
from mmstudio.composition.storyboard import GeneratedLayer, SoundTrack, Source, Storyboard
from mmstudio.library import NewItem

if TYPE_CHECKING:
    from mmstudio.composition.composer import Composer
    from mmstudio.library import Library

_FITTED = 1440  # pixels of a background


def storyboard_of_set(
    composer: Composer,
    library: Library,
    assets: Mapping[str, int],
    *,
    title: str,
    text: str,
    item_id: int | None = None,
    audience_id: int | None = None,
    mark: str = "",
    recipe: str = "product-ad",
) -> Storyboard:
    """Compose and save a storyboard from the assets of a saved set.

    For an item with pictures of its own these stay in front, and the set's picture becomes the background,
    brought into the colours that keep words readable. A set without an item becomes an item of its own with
    the picture as its hero.

    Args:
        assets: "picture", "sound", "text" → asset id. mark: tells sets apart (part of the new item's sku).

    Raises:
        NotFound: an asset, item or audience is gone. ReadOnly.
    """
    picture, sound = assets["picture"], assets["sound"]
    own = item_id is not None and bool(library.items.hero_of(item_id))
    if item_id is None:
        (item_id,) = library.items.upsert_many(
            [NewItem(sku=f"set-{mark or picture}", title=title, description=text)]
        )
        library.items.link_asset(item_id, picture, "hero")
        library.items.link_asset(item_id, sound, "music")
    words = {"line": text} if own else {"line": text, "headline": title, "hero": picture}
    board = compose(recipe, library, None, None, item_id, audience_id, overrides=words)
    if own:
        _behind(board, library, picture, title)
    kind = "generated" if library.assets.get(sound).origin == "generated" else "asset"
    board.music = SoundTrack(sound, source=kind)
    board.sources = [source for source in board.sources if source.part != "music"]
    board.sources.append(Source("music", kind, sound, library.assets.get(sound).title))  # type: ignore[arg-type]
    return composer.save(board)


def _behind(board: Storyboard, library: Library, picture: int, title: str) -> None:
    """The set's picture as the background of every scene that has one."""
    from PIL import Image

    from mmstudio.library.importing import register_generated
    from mmstudio.media.image import image_array

    path = library.assets.path_of(library.assets.get(picture))
    fitted = settle(image_array(path, _FITTED), ground_colours(board))
    with tempfile.TemporaryDirectory(prefix="making-", dir=library.generated_dir) as folder:
        file = Path(folder) / "background.jpg"
        Image.fromarray(fitted).save(file, quality=92, subsampling=0)
        background = register_generated(
            library, file, kind="image", title=f"Background: {title}", tags=["background"],
            generation={"model": "set", "seed": 0, "params": {"of": picture}, "sources": [picture]},
        )  # fmt: skip
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, GeneratedLayer):
                layer.asset_id, layer.model, layer.source = background, "set", "generated"
    board.sources = [source for source in board.sources if source.part != "background"]
    board.sources.append(Source("background", "generated", background, "set"))
