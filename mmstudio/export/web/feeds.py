"""Feeds of a storyboard: JSON Feed 1.1 (jsonfeed.org) and RSS 2.0 (rssboard.org), one entry per item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mmstudio.composition.storyboard import Storyboard
from mmstudio.export.web.blocks import blocks_of, item_url, items_of, picture_of, summary_of, title_of
from mmstudio.export.web.markup import h, plain, tag, web_url
from mmstudio.export.web.pictures import Album, Shown
from mmstudio.export.web.product import public_picture
from mmstudio.generation.price import format_price

if TYPE_CHECKING:
    from datetime import datetime

    from mmstudio.export.writers import Task
    from mmstudio.library import Item, Library

_SIDE = 640  # pixels of a picture inside a feed


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed. ``url`` and ``image`` are on the web or ""; ``inside`` is the picture itself."""

    key: str
    title: str
    text: str
    url: str = ""
    image: str = ""
    inside: Shown | None = None
    tags: tuple[str, ...] = ()
    sku: str = ""
    price: float | None = None
    currency: str = ""


def write_feed(task: Task) -> Iterator[int]:
    """The storyboard as a JSON Feed (kind "feed")."""
    entries = entries_of(task.board, task.library, Album(task.renderer().pictures, max_side=_SIDE))
    yield 1
    task.path.write_text(json_feed(task.board, entries), "utf-8")


def write_rss(task: Task) -> Iterator[int]:
    """The storyboard as RSS (kind "rss")."""
    entries = entries_of(task.board, task.library, Album(task.renderer().pictures, "JPEG", _SIDE))
    yield 1
    task.path.write_text(rss(task.board, entries), "utf-8")


def entries_of(board: Storyboard, library: Library | None, album: Album | None = None) -> list[Entry]:
    """An entry per item of a page of items; else one for the storyboard."""
    from mmstudio.export.provenance.record import storyboard_hash

    key = storyboard_hash(board)[:24]
    items = items_of(board, library)
    blocks = blocks_of(board, library)
    if len(items) > 1 and library is not None:
        return [_of_item(board, library, item, album, key) for item in items]
    item = items[0] if items else None
    return [
        Entry(
            key=f"urn:mmstudio:storyboard:{key}",
            title=title_of(board, blocks),
            text=summary_of(board, blocks) or title_of(board, blocks),
            url=web_url(item_url(board, library)),
            image=public_picture(item) if item is not None else "",
            inside=album.get(picture_of(blocks)) if album is not None else None,
            tags=(item.category,) if item is not None and item.category else (),
            sku=item.sku if item is not None else "",
            price=item.price if item is not None else None,
            currency=item.currency if item is not None else "",
        )
    ]


def json_feed(board: Storyboard, entries: list[Entry]) -> str:
    """The entries as a JSON Feed 1.1."""
    data: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": plain(board.name) or "MM Studio",
        "language": tag(board.locale),
        "items": [_json_item(board, entry) for entry in entries],
    }
    if home := _home(entries):
        data["home_page_url"] = home
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def rss(board: Storyboard, entries: list[Entry], when: datetime | None = None) -> str:
    """The entries as RSS 2.0. ``when``: the date of publication (none: the same board gives the same bytes).

    An enclosure is a picture on the web; without one the picture lies in ``content:encoded``.
    """
    title = h(plain(board.name)) or "MM Studio"
    link = _home(entries) or f"urn:mmstudio:feed:{entries[0].key.rsplit(':', 1)[-1] if entries else 'empty'}"
    date = f"<pubDate>{format_datetime(when)}</pubDate>\n" if when is not None else ""
    items = "".join(_rss_item(board, entry, date) for entry in entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">\n<channel>\n'
        f"<title>{title}</title>\n<link>{h(link)}</link>\n<description>{title}</description>\n"
        f"<language>{tag(board.locale)}</language>\n<generator>MM Studio</generator>\n{items}"
        "</channel>\n</rss>\n"
    )


def _of_item(board: Storyboard, library: Library, item: Item, album: Album | None, key: str) -> Entry:
    from mmstudio.generation.copywriting.lines import FactsWriter

    reviews = list(library.items.reviews_of(item.id))
    line = FactsWriter().one_liner(item, reviews, None).text
    hero = next((link.asset_id for link in library.items.assets_of(item.id) if link.role == "hero"), None)
    return Entry(
        key=f"urn:mmstudio:storyboard:{key}:{item.sku or item.id}",
        title=item.title or item.sku,
        text=line or item.title or item.sku,
        url=web_url(item.url),
        image=public_picture(item),
        inside=album.get(hero) if album is not None else None,
        tags=(item.category,) if item.category else (),
        sku=item.sku,
        price=item.price,
        currency=item.currency,
    )


def _json_item(board: Storyboard, entry: Entry) -> dict[str, Any]:
    one: dict[str, Any] = {
        "id": entry.key,
        "title": plain(entry.title),
        "content_text": plain(entry.text),
        "language": tag(board.locale),
        "tags": [plain(word) for word in entry.tags],
    }
    if entry.url:
        one["url"] = entry.url
    picture = entry.image or (entry.inside.uri if entry.inside is not None else "")
    if picture:
        one["image"] = picture
    if entry.inside is not None:
        size = len(entry.inside.data)
        one["attachments"] = [
            {"url": entry.image or entry.inside.uri, "mime_type": entry.inside.mime, "size_in_bytes": size}
        ]
    if entry.sku:
        one["_mmstudio"] = {"sku": plain(entry.sku), "price": entry.price, "currency": entry.currency}
    return one


def _rss_item(board: Storyboard, entry: Entry, date: str) -> str:
    link = f"<link>{h(entry.url)}</link>\n" if entry.url else ""
    tags = "".join(f"<category>{h(word)}</category>\n" for word in entry.tags)
    price = ""
    if entry.price is not None and entry.currency:
        price = f"<p>{h(format_price(entry.price, entry.currency, board.locale))}</p>"
    picture = ""
    enclosure = ""
    if entry.image:
        size = len(entry.inside.data) if entry.inside is not None else 0
        mime = _mime(entry.image)
        enclosure = f'<enclosure url="{h(entry.image)}" length="{size}" type="{mime}"/>\n'
    elif entry.inside is not None:
        shown = entry.inside
        size_of = f'width="{shown.width}" height="{shown.height}"'
        picture = f'<p><img src="{shown.uri}" alt="{h(entry.title)}" {size_of}></p>'
    body = h(f"{picture}<p>{h(entry.text)}</p>{price}")  # markup inside XML text: escaped once more
    return (
        f"<item>\n<title>{h(entry.title)}</title>\n{link}"
        f'<guid isPermaLink="false">{h(entry.key)}</guid>\n{date}{tags}'
        f"<description>{h(h(entry.text))}</description>\n<content:encoded>{body}</content:encoded>\n"
        f"{enclosure}</item>\n"
    )


def _mime(url: str) -> str:
    suffix = urlsplit(url).path.rsplit(".", 1)[-1].lower()
    kinds = {"png": "png", "webp": "webp", "gif": "gif", "avif": "avif"}
    return f"image/{kinds.get(suffix, 'jpeg')}"


def _home(entries: list[Entry]) -> str:
    """The shop's own address: scheme and host of the first entry that has one."""
    for entry in entries:
        if entry.url:
            parts = urlsplit(entry.url)
            return f"{parts.scheme}://{parts.netloc}/"
    return ""
