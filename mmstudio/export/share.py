"""What is written beside a post: title, text, hashtags, the picture described, the link; per channel."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard
from mmstudio.export.channels import Channel
from mmstudio.export.fitting import copy_text
from mmstudio.export.privacy import prepare
from mmstudio.export.web.blocks import alt_of, blocks_of, item_of, item_url, title_of
from mmstudio.export.web.markup import plain, short, web_url

if TYPE_CHECKING:
    from mmstudio.export.options import ExportOptions
    from mmstudio.library import Library

_TAGS = 5
_ALT = 420  # characters that screen readers of most networks are given
_WORD = re.compile(r"[\w]+", re.UNICODE)
_LETTERS = 30  # of a hashtag


@dataclass(frozen=True, slots=True)
class ShareTexts:
    """Texts for one channel; ``length`` characters of ``text`` and tags, of ``most`` (0: no limit)."""

    title: str
    text: str
    hashtags: str
    alt: str
    link: str
    length: int
    most: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def share_texts(
    library: Library, board: Storyboard, channel: Channel | None = None, options: ExportOptions | None = None
) -> ShareTexts:
    """The texts of a storyboard for a channel; cut at a word where the channel takes fewer characters.

    Hashtags come from the item's category and facts, as many as still fit. With ``options.mask_personal``
    personal data are masked as in the files.
    """
    if options is not None:
        board = prepare(library, board, options).board
    item = item_of(board, library)
    blocks = blocks_of(board, library)
    most = channel.copy_length if channel is not None else 0
    link = web_url(item_url(board, library))
    whole = plain(copy_text(board)) or plain(title_of(board, blocks))
    tags = _tags(board, item)
    room = most - (len(link) + 1 if link else 0) if most else 0
    text = _cut(whole, room) if most else whole
    kept: list[str] = []
    for word in tags:
        used = len(text) + sum(len(one) + 1 for one in kept) + len(word) + 1
        if not most or used <= room:
            kept.append(word)
    hashtags = " ".join(kept)
    length = len(text) + (len(hashtags) + 1 if hashtags else 0) + (len(link) + 1 if link else 0)
    picture = next((block for block in blocks if block.kind == "picture"), None)
    seen = alt_of(picture, board, library) if picture is not None else title_of(board, blocks)
    headline = board.copy.get("headline", "")
    alt = seen if not headline or headline in seen else f"{seen}. {headline}"
    return ShareTexts(
        short(title_of(board, blocks), 100), text, hashtags, short(alt, _ALT), link, length, most
    )


def whole_text(texts: ShareTexts) -> str:
    """Text, link and hashtags as they are pasted into a post."""
    return "\n\n".join(part for part in (texts.text, texts.link, texts.hashtags) if part)


def _cut(text: str, room: int) -> str:
    """A text of at most ``room`` characters; its lines are kept while they fit."""
    if len(text) <= room:
        return text
    kept: list[str] = []
    for line in text.splitlines():
        left = room - sum(len(one) + 1 for one in kept)
        if len(line) <= left:
            kept.append(line)
            continue
        if left > 12 and not kept:
            kept.append(short(line, left))
        break
    return "\n".join(kept)


def _tags(board: Storyboard, item: Any) -> list[str]:
    """``#Bags #Canvas``: the category's last part and short facts, letters and digits only, each once."""
    words: list[str] = []
    if item is not None:
        words += [part.strip() for part in reversed(item.category.split(">")) if part.strip()]
        for name in ("material", "activity", "style", "color", "colour"):
            words += [
                part.strip() for part in re.split(r"[|,;/]", item.attributes.get(name, "")) if part.strip()
            ]
    words += [str(tag) for tag in board.inputs.get("tags", [])]
    found: dict[str, str] = {}
    for word in words:
        letters = "".join(part[:1].upper() + part[1:] for part in _WORD.findall(word))
        if letters and not letters.isdigit() and len(letters) <= _LETTERS:
            found.setdefault(letters.lower(), f"#{letters}")
    return list(found.values())[:_TAGS]
