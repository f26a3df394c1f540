"""What social networks and search engines read of a page: Open Graph, Twitter cards and JSON-LD.

Open Graph protocol (ogp.me), Twitter cards (summary_large_image), schema.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmstudio.composition.storyboard import Storyboard
from mmstudio.export.web.blocks import blocks_of, item_of, item_url, summary_of, title_of
from mmstudio.export.web.markup import h, json_in_html, short, tag, web_url
from mmstudio.export.web.product import product_data, public_picture

if TYPE_CHECKING:
    from mmstudio.export.writers import Task
    from mmstudio.library import Library

_TITLE, _DESCRIPTION = 90, 200  # characters that networks show before they cut


def write(task: Task) -> Iterator[int]:
    """The tags alone, to be pasted into the head of a page of one's own (kind "meta")."""
    blocks = blocks_of(task.board, task.library)
    title = title_of(task.board, blocks)
    yield 1
    tags = head_tags(task.board, task.library, title, summary_of(task.board, blocks))
    task.path.write_text(f"<title>{h(title)}</title>\n{tags}", "utf-8")


def head_tags(board: Storyboard, library: Library | None, title: str, summary: str) -> str:
    """Description, Open Graph, Twitter and JSON-LD of a storyboard, as markup for a head.

    A picture is named only where the item has one on the web: networks fetch it, and a local one they cannot.
    """
    item = item_of(board, library)
    url = web_url(item_url(board, library))
    picture = public_picture(item) if item is not None else ""
    about = short(summary, _DESCRIPTION)
    named = [("og:type", "product" if item is not None else "article"), ("og:title", short(title, _TITLE))]
    named += [("og:description", about), ("og:url", url), ("og:image", picture)]
    named += [("og:locale", tag(board.locale).replace("-", "_"))]
    if picture:
        named.append(("og:image:alt", short(title, 420)))
    if item is not None and item.price is not None and item.currency:
        named += [("product:price:amount", f"{item.price:.2f}"), ("product:price:currency", item.currency)]
    cards = [("twitter:card", "summary_large_image" if picture else "summary")]
    cards += [("twitter:title", short(title, 70)), ("twitter:description", about), ("twitter:image", picture)]
    out = [f'<meta name="description" content="{h(about)}">'] if about else []
    out += [f'<meta property="{h(key)}" content="{h(value)}">' for key, value in named if value]
    out += [f'<meta name="{h(key)}" content="{h(value)}">' for key, value in cards if value]
    data = product_data(board, library)
    if data is not None:
        out.append(f'<script type="application/ld+json">{json_in_html(data)}</script>')
    return "\n".join(out) + "\n"
