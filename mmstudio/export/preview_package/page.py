"""The page of a preview package: what is shown, the words of its buttons, its policy."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmstudio.export.preview_package.script import SCRIPT
from mmstudio.export.preview_package.style import STYLE
from mmstudio.export.web.markup import direction, h, tag
from mmstudio.i18n import language as current_language
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.library import Library

FORMAT, VERSION = "mmstudio-remarks", 1
_LABELS = {
    "headline": mark("Headline"),
    "line": mark("Line"),
    "price": mark("Price"),
    "cta": mark("Button"),
    "eyebrow": mark("Small line above"),
    "quote": mark("Customer's words"),
}
_WORDS = {
    "initials": mark("Your initials"),
    "remark": mark("Your remark"),
    "moment": mark("At this moment ({time})"),
    "whole": mark("On the whole"),
    "point": mark("Point at a place"),
    "pointing": mark("Click on the picture"),
    "unpoint": mark("Forget the place"),
    "add": mark("Add remark"),
    "remove": mark("Remove"),
    "approve": mark("Approve"),
    "changes": mark("Ask for changes"),
    "reject": mark("Reject"),
    "verdict_approved": mark("Approved by {who}"),
    "verdict_changes": mark("{who} asks for changes"),
    "verdict_rejected": mark("Rejected by {who}"),
    "save": mark("Save remarks as a file"),
    "saved": mark("Saved as {name}. Send that file back."),
    "none": mark("No remarks yet."),
    "need": mark("Write your initials first."),
    "empty": mark("Write a remark first."),
    "play": mark("Play all together"),
    "pause": mark("Pause"),
    "start": mark("Play"),
    "position": mark("Position"),
    "one": mark("One at a time"),
    "beside": mark("Side by side"),
    "texts": mark("Texts"),
    "remarks": mark("Remarks"),
    "kept": mark("{n} remarks and verdicts not yet saved as a file."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One storyboard on the page; files are relative to it.

    Attributes:
        film: "" for pictures only. stills: (file, second it shows); with a film its poster.
        texts: (what it is, words).
    """

    number: int
    key: str
    title: str
    audience: str
    size: tuple[int, int]
    seconds: float
    film: str
    stills: tuple[tuple[str, float], ...]
    texts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, library: Library, board: Storyboard, film: str, stills: list[tuple[str, float]]) -> Shown:
        """What the page says of a storyboard."""
        names = {a.id: a.name for a in library.audiences.list()} if board.audience_id is not None else {}
        texts = [(tr(_LABELS.get(slot, slot)), words) for slot, words in board.copy.items() if words.strip()]
        return cls(
            board.id or 0,
            board_key(board),
            board.name,
            names.get(board.audience_id or 0, ""),
            board.size,
            round(board.duration, 3),
            film,
            tuple(stills),
            tuple(texts),
        )


def board_key(board: Storyboard) -> str:
    """Sixteen hex digits of the content of a storyboard: tells a client's version from a later one."""
    plain = json.dumps(board.content(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()[:16]


def preview_page(shown: list[Shown], package: str, library: str, note: str, watermark: bool) -> str:
    """The whole page, HTML; it holds no markup that came from a text."""
    title = tr("Preview: {name}", name=shown[0].title)
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "package": package,
        "library": library,
        "words": {key: tr(words) for key, words in _WORDS.items()},
        "boards": [
            {
                "number": one.number,
                "key": one.key,
                "title": one.title,
                "audience": one.audience,
                "width": one.size[0],
                "height": one.size[1],
                "seconds": one.seconds,
                "film": one.film,
                "stills": [{"file": file, "at": round(at, 3)} for file, at in one.stills],
                "texts": [list(pair) for pair in one.texts],
            }
            for one in shown
        ],
    }
    plain = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    plain = plain.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    language = current_language()
    chip = tr("Preview, not for publication") if watermark else tr("Preview")
    lines = "".join(f"<p>{h(line)}</p>" for line in note.strip().splitlines() if line.strip())
    how = tr(
        "Look, leave remarks and a verdict, then save them as a file and send it back."
        " Nothing is sent by this page."
    )
    return (
        f'<!doctype html>\n<html lang="{tag(language)}" dir="{direction(language)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        '<meta name="robots" content="noindex">\n<link rel="icon" href="data:,">\n'
        f"<title>{h(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><div><span class="chip">{h(chip)}</span><h1>{h(shown[0].title)}</h1>'
        f'<div class="note">{lines}<p class="quiet">{h(how)}</p></div></div>'
        f'<div class="who"><label>{h(tr("Your initials"))} '
        '<input id="who" maxlength="60" autocomplete="off" size="6"></label>'
        f'<button id="save" class="first">{h(tr("Save remarks as a file"))}</button>'
        '<p id="said" role="status"></p></div></header>\n'
        '<nav id="bar"></nav>\n<main id="boards"></main>\n'
        f"<noscript><p>{h(tr('Allow scripts for this page to see the preview.'))}</p></noscript>\n"
        f'<script type="application/json" id="data">{plain}</script>\n<script>{SCRIPT}</script>\n'
        "</body>\n</html>\n"
    )


def _policy() -> str:
    script, style = (
        base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        for text in (SCRIPT, STYLE)
    )
    return (
        "default-src 'none'; img-src 'self' file: data:; media-src 'self' file:;"
        f" style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    )
