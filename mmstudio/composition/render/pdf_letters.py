"""Chinese of a PDF that can be copied and searched.

Fonts draw the radical ⾦ (U+2FA6) and the letter 金 (U+91D1) with one glyph. Qt names a glyph by the lowest
character that has it, which is the radical, so that what is copied out of a PDF looks right and is found by
nobody. The map from glyphs to characters (ISO 32000-1, 9.10.3) is put right afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mmstudio.composition.render.text import SetText, font_of, lay

# CJK radicals supplement and Kangxi radicals (Unicode 16, blocks 2E80-2EFF and 2F00-2FDF)
_RADICALS = "".join(map(chr, (*range(0x2E80, 0x2E9A), *range(0x2E9B, 0x2EF4), *range(0x2F00, 0x2FD6))))
_MAP = re.compile(rb"begincmap.*?endcmap", re.DOTALL)
_RANGE = re.compile(rb"<([0-9A-Fa-f]{4})> *<([0-9A-Fa-f]{4})> *(\[[^\]]*\]|<[0-9A-Fa-f]{4}>)")
_CODE = re.compile(rb"<([0-9A-Fa-f]{4})>")


def letters_for_radicals(data: bytes, texts: Iterable[SetText]) -> bytes:
    """A PDF of Qt's with the letters of these texts in the place of radicals that look the same.

    No byte moves: every code has four digits. A run of more than ten glyphs whose codes follow each other is
    written by Qt as one; it stays as it is.
    """
    swap = _swaps(texts)
    if not swap:
        return data

    def of_range(found: re.Match[bytes]) -> bytes:
        first, last, codes = found[1], found[2], found[3]
        if codes.startswith(b"<") and first != last:
            return found[0]
        made = _CODE.sub(lambda one: b"<%04X>" % swap.get(int(one[1], 16), int(one[1], 16)), codes)
        return found[0][: -len(codes)] + made

    return _MAP.sub(lambda found: _RANGE.sub(of_range, found[0]), data)


def _swaps(texts: Iterable[SetText]) -> dict[int, int]:
    """Code of a radical -> code of the letter of the texts that is drawn with its glyph."""
    swap: dict[int, int] = {}
    for text in texts:
        letters = "".join(dict.fromkeys(c for c in text.text if "\u3400" <= c <= "\uffff"))
        if not letters:
            continue
        layout = lay(letters, font_of(text.style, text.text), 1e6, rtl=False)
        for raw in {run.rawFont().familyName(): run.rawFont() for run in layout.glyphRuns()}.values():
            glyphs: dict[int, int] = {}
            for letter in letters:
                indexes = raw.glyphIndexesForString(letter)
                if len(indexes) == 1 and indexes[0]:
                    glyphs.setdefault(indexes[0], ord(letter))
            for radical, index in zip(_RADICALS, raw.glyphIndexesForString(_RADICALS), strict=True):
                if index in glyphs:
                    swap.setdefault(ord(radical), glyphs[index])
    return swap
