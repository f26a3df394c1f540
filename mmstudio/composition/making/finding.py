"""Pictures of the library that go with words: those a person named or chose, else those that say the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mmstudio.composition.draft import Draft
from mmstudio.errors import MediaError
from mmstudio.features.texts.words import tokens
from mmstudio.library import AssetFilter

if TYPE_CHECKING:
    from mmstudio.library import Asset

_LOOKED_AT = 40  # matches of one search
_WORDS = 6


def chosen_pictures(draft: Draft) -> list[int]:
    """The pictures and clips that were given, in order. Raises MediaError for anything else, NotFound."""
    found = []
    for asset_id in draft.inputs.asset_ids:
        asset = draft.asset(asset_id)
        if asset.kind not in ("image", "video"):
            raise MediaError("{title} is not a picture.", status="unsupported", title=asset.title)
        found.append(asset.id)
    return found


def usable(asset: Asset, kinds: tuple[str, ...] = ("image",)) -> bool:
    """Whether a picture (or another kind) may be shown at all."""
    return asset.kind in kinds and asset.status == "ok" and asset.rights != "restricted"


def picture_named(draft: Draft, name: str) -> int | None:
    """The picture that a text names: ``#12`` is an asset, else a title or a file name of the library.

    Only the library is looked at, whatever path or address the name is.
    """
    name = name.strip()
    if name.lstrip("#").isdigit():
        found = draft.library.assets.get_many([int(name.lstrip("#")[:12])])
        return next((asset.id for asset in found if asset.kind in ("image", "video")), None)
    last = name.replace("\\", "/").rsplit("/", 1)[-1].casefold()
    stem = last.rsplit(".", 1)[0] if "." in last else last
    if not stem or not tokens(stem):
        return None
    found = draft.library.assets.get_many(
        draft.library.assets.ids(AssetFilter(text=_plain(tokens(stem)), kinds=("image", "video")))[
            :_LOOKED_AT
        ]
    )

    def same(asset: Asset) -> bool:
        file = asset.rel_path.rsplit("/", 1)[-1].casefold()
        return file == last or file.rsplit(".", 1)[0] == stem or asset.title.casefold() in (last, stem)

    exact = next((asset.id for asset in found if same(asset) and asset.rights != "restricted"), None)
    return exact if exact is not None else next((asset.id for asset in found if usable(asset)), None)


def picture_about(draft: Draft, words: str, without: Iterable[int] = ()) -> int | None:
    """An imported picture whose title or tags say a word of ``words``, the more the better, or None."""
    wanted = list(dict.fromkeys(w for w in tokens(words) if len(w) > 2 or not w.isascii()))[:_WORDS]
    taken = set(without)
    seen: dict[int, int] = {}
    for word in wanted:
        wished = AssetFilter(text=_plain([word]), kinds=("image",), origin="imported")
        ids = draft.library.assets.ids(wished)[:_LOOKED_AT]
        for asset_id in ids:
            seen[asset_id] = seen.get(asset_id, 0) + 1
    assets = [a for a in draft.library.assets.get_many(list(seen)) if usable(a) and a.id not in taken]
    tags = draft.library.assets.tags_of([asset.id for asset in assets])

    def shared(asset: Asset) -> int:
        said = set(tokens(" ".join([asset.title, *tags[asset.id]])))
        return len(said & set(wanted))

    best = max(assets, key=lambda a: (shared(a), a.rating, -a.id), default=None)
    return best.id if best is not None and shared(best) else None


def _plain(words: Iterable[str]) -> str:
    """Words as a query without the signs that a query understands."""
    return " ".join('"' + word.replace('"', "") + '"' for word in words)
