"""What a person looks for: :class:`AssetFilter`, and the words of the search box as one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mmstudio.library.records import STATUSES, Origin, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmstudio.media.kinds import MediaKind

_KINDS: dict[str, MediaKind] = {
    "image": "image", "images": "image", "picture": "image", "pictures": "image", "photo": "image",
    "图片": "image", "图像": "image", "照片": "image",
    "audio": "audio", "sound": "audio", "sounds": "audio", "music": "audio",
    "声音": "audio", "音频": "audio", "音乐": "audio",
    "video": "video", "videos": "video", "clip": "video", "clips": "video", "film": "video", "视频": "video",
    "text": "text", "texts": "text", "文字": "text", "文本": "text",
}  # fmt: skip
_STATUSES: dict[str, Status] = {
    **{name: name for name in STATUSES},
    "trash": "trashed", "正常": "ok", "丢失": "missing", "损坏": "corrupt", "回收站": "trashed",
}  # fmt: skip
_ORIGINS: dict[str, Origin] = {
    "imported": "imported", "generated": "generated", "made": "generated",
    "导入": "imported", "生成": "generated",
}  # fmt: skip
_KEYS = {
    "kind": "kind", "type": "kind", "类型": "kind", "tag": "tag", "标签": "tag", "collection": "collection",
    "收藏": "collection", "item": "item", "sku": "item", "商品": "item", "origin": "origin", "来源": "origin",
    "status": "status", "状态": "status", "rating": "rating", "stars": "rating", "评分": "rating",
    "width": "width", "宽": "width", "宽度": "width", "duration": "duration", "length": "duration",
    "时长": "duration",
}  # fmt: skip

_TOKEN = re.compile(r'(?:([^\s:："]+)[:：])?(?:"([^"]*)"|(\S+))')
_RANGE = re.compile(r"^(>=|<=|>|<|=)?(\d+(?:\.\d+)?)?(\.\.)?(\d+(?:\.\d+)?)?$")


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Assets that match everything given; the default is every usable asset.

    Attributes:
        text: words that title, caption, file name, content, tags or the title of the item contain (prefixes
            match).
        kinds, statuses: any of these; empty kinds mean all.
        tags: all of these.
        collection: id or name. item: id or sku of the item the assets belong to.
        min_width, max_width: pixels. min_duration, max_duration: seconds. All bounds are inclusive.
    """

    text: str = ""
    kinds: tuple[MediaKind, ...] = ()
    tags: tuple[str, ...] = ()
    collection: int | str | None = None
    item: int | str | None = None
    origin: Origin | None = None
    statuses: tuple[Status, ...] = ("ok",)
    min_rating: int = 0
    root: int | None = None
    min_width: int | None = None
    max_width: int | None = None
    min_duration: float | None = None
    max_duration: float | None = None


def parse_query(query: str) -> AssetFilter:
    """Read a search box: ``kind:sound tag:"late summer" width:>1000 duration:10..30 rating:>=3 beach``.

    Keys: kind, tag, collection, item, origin, status, rating, width, duration; Chinese names and ``：`` too.
    Numbers take ``>``, ``<``, ``>=``, ``<=`` and ``a..b`` with either end open. What cannot be read as a
    filter is searched as words, so nothing typed is ever an error.
    """
    fields: dict[str, Any] = {}
    words: list[str] = []
    for match in _TOKEN.finditer(query):
        key, quoted, bare = match.groups()
        value = quoted if quoted is not None else bare
        name = _KEYS.get(key.lower()) if key else None
        if name is None or not _READERS[name](value, fields):
            words.append(match.group().replace('"', " ") if name is None else value)
    return AssetFilter(text=" ".join(" ".join(words).split()), **fields)


def _several(field: str, known: dict[str, Any] | None) -> Callable[[str, dict[str, Any]], bool]:
    def read(value: str, fields: dict[str, Any]) -> bool:
        parts = [part for part in re.split(r"[,，|]", value) if part] if known is not None else [value]
        found = [known.get(part.lower()) for part in parts] if known is not None else parts
        if not found or None in found or not all(found):
            return False
        fields[field] = tuple(dict.fromkeys((*fields.get(field, ()), *found)))
        return True

    return read


def _name(field: str) -> Callable[[str, dict[str, Any]], bool]:
    def read(value: str, fields: dict[str, Any]) -> bool:
        if value:
            fields[field] = value
        return bool(value)

    return read


def _origin(value: str, fields: dict[str, Any]) -> bool:
    origin = _ORIGINS.get(value.lower())
    if origin is not None:
        fields["origin"] = origin
    return origin is not None


def number_range(value: str, *, whole: bool = False) -> tuple[float | None, float | None] | None:
    """Read ``>5``, ``5..8``, ``..8`` or ``5`` as inclusive (low, high); None where it is no range.

    With ``whole`` numbers ``>5`` starts at 6 and ``5`` is exact; otherwise ``5`` means about five.
    """
    match = _RANGE.match(value.strip())
    if match is None or not (match[2] or match[4]):
        return None
    sign, first, dots, second = match.groups()
    if dots:
        return (float(first) if first else None), (float(second) if second else None)
    number = float(first + (second or ""))
    step = 1.0 if whole else max(abs(number), 1.0) * 1e-9
    if sign == ">":
        return number + step, None
    if sign == ">=":
        return number, None
    if sign == "<":
        return None, number - step
    if sign == "<=":
        return None, number
    return (number, number) if whole else (number - 0.5, number + 0.5)


def _bounds(field: str, kind: type) -> Callable[[str, dict[str, Any]], bool]:
    def read(value: str, fields: dict[str, Any]) -> bool:
        bounds = number_range(value, whole=kind is int)
        if bounds is None:
            return False
        for prefix, bound in zip(("min_", "max_"), bounds, strict=True):
            if bound is not None:
                fields[prefix + field] = kind(bound)
        return True

    return read


def _rating(value: str, fields: dict[str, Any]) -> bool:
    bounds = number_range(value, whole=True)
    if bounds is None or bounds[0] is None:
        return False
    fields["min_rating"] = min(5, int(bounds[0]))
    return True


_READERS: dict[str, Callable[[str, dict[str, Any]], bool]] = {
    "kind": _several("kinds", cast("dict[str, Any]", _KINDS)),
    "tag": _several("tags", None),
    "collection": _name("collection"),
    "item": _name("item"),
    "origin": _origin,
    "status": _several("statuses", cast("dict[str, Any]", _STATUSES)),
    "rating": _rating,
    "width": _bounds("width", int),
    "duration": _bounds("duration", float),
}
