"""Whether a line that a joint model wrote can be read: its words are words of the library."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmstudio.library import Library

LEAST = 0.8  # of the letters of a line stand in known words
_MOST = 5000  # items and media whose words are looked at
_CUT = re.compile(r"[:;,–—(\-：；，、（]\s*[.!?。！？]*$")  # a line that breaks off
_WORD = re.compile(r"[^\W\d_]{2,}")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


class KnownWords:
    """The words of a library's titles, captions, tags and descriptions. Read once, when first needed."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._words: frozenset[str] | None = None

    def reads(self, text: str) -> bool:
        """Whether nearly all letters of a text stand in words the library has; a Han character counts by
        itself. Without a letter nothing reads, nor does what breaks off after a colon or comma."""
        found = [*_WORD.findall(text.lower()), *_HAN.findall(text)]
        if not found or _CUT.search(text.strip()):
            return False
        known = self._all()
        good = sum(len(word) for word in found if word in known)
        return good >= LEAST * sum(map(len, found))

    def _all(self) -> frozenset[str]:
        if self._words is None:
            library = self._library
            said = [
                f"{item.title} {item.category} {item.description}"
                for item in library.items.get_many(sorted(library.items.ids())[:_MOST])
            ]
            assets = library.assets.get_many(sorted(library.assets.ids())[:_MOST])
            said += [f"{asset.title} {asset.caption}" for asset in assets]
            said += [tag for tags in library.assets.tags_of([a.id for a in assets]).values() for tag in tags]
            text = "\n".join(said).lower()
            self._words = frozenset(_WORD.findall(text)) | frozenset(_HAN.findall(text))
        return self._words
