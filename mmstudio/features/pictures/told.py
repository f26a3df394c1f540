"""The look of one picture of a library, from its stored row or from its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmstudio.errors import MediaError
from mmstudio.features.loading import load_media
from mmstudio.features.pictures import look

if TYPE_CHECKING:
    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library


def look_of(library: Library, vectors: Vectors, asset_id: int) -> dict[str, Any]:
    """What a person can read off a picture.

    Keys: ``palette`` (up to five sRGB triples 0…255, the most telling first), ``colours`` (name → share of
    the picture, largest first), ``sharpness``, ``exposure``, ``contrast``, ``dark``, ``light``,
    ``colourfulness`` (units in docs/library-format.md), ``salient_box`` (x, y, width, height as shares).
    From the stored row where there is one, else from the file. Raises NotFound, and MediaError where the
    asset is no picture or its file cannot be read.
    """
    asset = library.assets.get(asset_id)
    if asset.kind != "image":
        raise MediaError("{name} is not a picture.", status="unsupported", name=asset.title or asset.rel_path)
    space = vectors.space("look")
    at = space.row(asset_id)
    if at is None:
        path = library.assets.path_of(asset)
        row = look.describe(load_media("image", path, look.SIDE, (asset.width, asset.height), None))
    else:
        row = space.raw[at]
    seen = look.read(row)
    return {"palette": seen.palette, "colours": seen.colours, **seen.measures, "salient_box": seen.box}
