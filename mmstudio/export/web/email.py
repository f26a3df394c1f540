"""A storyboard as an e-mail: tables and inlined styles 600 pixels wide, as mail programs of all ages draw it.

Two forms: one HTML file (pictures inside, for looking at and for pasting into a mailing tool), and a message
(``.eml``, RFC 5322 and MIME) with a plain-text part and its pictures as parts, which opens as a draft.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING, Any

from mmstudio.composition.palette import contrast, rgb_of
from mmstudio.composition.storyboard import Block, Storyboard
from mmstudio.export.web.blocks import KINDS, alt_of, blocks_of, inner_of, summary_of, title_of, walk, words
from mmstudio.export.web.markup import direction, h, lines, plain, safe_url, short, tag
from mmstudio.export.web.pictures import Album, Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmstudio.export.writers import Task
    from mmstudio.library import Library

WIDTH = 600
_SIDE = 1072  # pixels of a picture: twice its width in the mail, for sharp screens
_FONT = "font-family:Arial,'Helvetica Neue',Helvetica,'PingFang SC','Microsoft YaHei',sans-serif"
_INK, _SOFT, _LINE = "#1c1d20", "#5d6068", "#e3e3df"
_BARE = 'cellpadding="0" cellspacing="0" border="0"'
_HEADING = {1: "30px", 2: "22px", 3: "18px"}
_DARK = (
    "@media (prefers-color-scheme:dark){.bg{background:#141518!important}.card{background:#1d1f23!important}"
    ".ink{color:#f0f0ee!important}.soft{color:#a6a9b1!important}}"
    "@media (max-width:620px){.card{width:100%!important}.cell{display:block!important;width:100%!important}}"
)


def write(task: Task) -> Iterator[int]:
    """The e-mail as one HTML file (kind "email")."""
    mail = Mail(task.board, task.library, Album(task.renderer().pictures, "JPEG", _SIDE))
    yield from _load(mail)
    task.path.write_text(mail.html(), "utf-8")


def write_eml(task: Task) -> Iterator[int]:
    """The e-mail as a message with its pictures (kind "eml")."""
    mail = Mail(task.board, task.library, Album(task.renderer().pictures, "JPEG", _SIDE))
    yield from _load(mail)
    task.path.write_bytes(mail.message().as_bytes(policy=SMTP))


def _load(mail: Mail) -> Iterator[int]:
    for block in walk(mail.blocks):
        if block.kind in ("picture", "video", "slider"):
            mail.shown(block)
            yield 1


class Mail:
    """Builds one e-mail. Every word is escaped, every address checked."""

    def __init__(self, board: Storyboard, library: Library | None, album: Album) -> None:
        self.board, self._library, self._album = board, library, album
        self.blocks = blocks_of(board, library)
        self._parts: dict[str, Shown] | None = None
        accent = board.palette.get("accent", "#2f5fd0")[:7]
        self._accent = accent if len(accent) == 7 else "#2f5fd0"
        on_white = contrast(rgb_of("#ffffff"), rgb_of(self._accent))
        self._on = "#ffffff" if on_white >= 4.5 else "#111111"

    @property
    def subject(self) -> str:
        """One line: the first heading."""
        return short(title_of(self.board, self.blocks), 120) or "MM Studio"

    @property
    def preheader(self) -> str:
        """What a list of mails shows beside the subject."""
        return short(summary_of(self.board, self.blocks), 110)

    def html(self) -> str:
        """The HTML with its pictures as data addresses."""
        self._parts = None
        return self._document()

    def text(self) -> str:
        """The plain-text part: every word of the mail, links written out."""
        out: list[str] = [*self.board.marks, *self._words(self.blocks)]
        if self.board.label:
            out.append(self.board.label)
        return "\n\n".join(plain(part).strip() for part in out if part.strip()) + "\n"

    def message(self) -> EmailMessage:
        """The whole message, unsent; the same storyboard gives the same bytes."""
        self._parts = {}
        html = self._document()
        message = EmailMessage()
        message["Subject"] = self.subject
        message["X-Unsent"] = "1"  # mail programs open it as a draft
        message["Content-Language"] = tag(self.board.locale)
        message.set_content(self.text())
        message.add_alternative(html, subtype="html")
        body: Any = message.get_payload()[-1]  # type: ignore[index]  # the part that was just added
        for key, shown in self._parts.items():
            kind = shown.mime.split("/")[1]
            name = f"{key}.{'jpg' if kind == 'jpeg' else kind}"
            body.add_related(
                shown.data, "image", kind, cid=f"<{key}@mmstudio>", filename=name, disposition="inline"
            )
        digest = hashlib.sha256(html.encode("utf-8")).hexdigest()[:24]
        for number, part in enumerate(p for p in message.walk() if p.is_multipart()):
            part.set_boundary(f"=_{digest}_{number}")  # else drawn by chance
        return message

    def shown(self, block: Block) -> Shown | None:
        """The picture of a block: a clip's and a slider's first one."""
        asset = block.asset_id
        if block.kind == "slider":
            asset = next((int(i) for i in block.data.get("assets", [])), None)
        return self._album.get(asset, moving=block.kind == "video")

    def _source(self, shown: Shown) -> str:
        if self._parts is None:
            return shown.uri
        self._parts[shown.key] = shown
        return f"cid:{shown.key}@mmstudio"

    def _document(self) -> str:
        board = self.board
        way = direction(board.locale)
        rows = "".join(self._row(block) for block in self.blocks)
        marks = "".join(
            _cell(f'<b dir="auto">{h(text)}</b>', "8px 32px", f"background:{_INK};color:#ffffff") + "\n"
            for text in board.marks
        )
        label = _cell(_para(h(board.label), "12px", _SOFT, kind="soft"), "0 32px 24px") if board.label else ""
        return (
            f'<!doctype html>\n<html lang="{tag(board.locale)}" dir="{way}">\n<head>\n'
            '<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            '<meta name="supported-color-schemes" content="light dark">\n'
            f"<title>{h(self.subject)}</title>\n<style>{_DARK}</style>\n</head>\n"
            '<body class="bg" style="margin:0;padding:0;background:#f6f6f4">\n'
            f"{self._hidden()}"
            f'<table role="presentation" width="100%" {_BARE} class="bg" '
            'style="background:#f6f6f4"><tr><td align="center" style="padding:24px 8px">\n'
            f'<table role="presentation" width="{WIDTH}" {_BARE} class="card" '
            f'style="width:{WIDTH}px;max-width:100%;background:#ffffff">\n{marks}{rows}{label}'
            "</table>\n</td></tr></table>\n</body>\n</html>\n"
        )

    def _hidden(self) -> str:
        if not self.preheader:
            return ""
        style = "display:none;max-height:0;overflow:hidden;mso-hide:all;font-size:1px;color:#f6f6f4"
        # the blanks keep programs from showing what comes next
        return f'<div style="{style}" dir="auto">{h(self.preheader)}{"&#847;&zwnj;&nbsp;" * 40}</div>\n'

    def _row(self, block: Block) -> str:
        inner = self._inner(block)
        pad = "0" if block.kind == "picture" and block is self.blocks[0] else "10px 32px"
        return _cell(inner, pad) + "\n" if inner else ""

    def _inner(self, block: Block) -> str:
        draw: Callable[[Block], str] = getattr(self, f"_{block.kind}") if block.kind in KINDS else self._text
        return draw(block)

    def _heading(self, block: Block) -> str:
        level = min(max(int(block.data.get("level", 2)), 1), 3)
        style = f"margin:0;{_FONT};font-size:{_HEADING[level]};line-height:1.25;color:{_INK};font-weight:bold"
        return f'<h{level} class="ink" dir="auto" style="{style}">{lines(block.text)}</h{level}>'

    def _text(self, block: Block) -> str:
        parts = [part for part in block.text.split("\n\n") if part.strip()]
        return "".join(_para(lines(part), "16px", _INK) for part in parts)

    def _note(self, block: Block) -> str:
        return _para(lines(block.text), "14px", _SOFT, kind="soft")

    def _disclaimer(self, block: Block) -> str:
        return _para(lines(block.text), "12px", _SOFT, kind="soft")

    def _price(self, block: Block) -> str:
        return _para(f"<b>{h(block.text)}</b>", "22px", _INK)

    def _quote(self, block: Block) -> str:
        by = words(block.data.get("author"))
        foot = _para(h(by), "14px", _SOFT, kind="soft") if by else ""
        bar = f"border-inline-start:4px solid {self._accent};padding:0 16px"
        return f'<div style="{bar}">{_para(f"<i>{lines(block.text)}</i>", "18px", _INK)}{foot}</div>'

    def _button(self, block: Block) -> str:
        url = safe_url(words(block.data.get("url")))
        if not block.text:
            return ""
        look = f"{_FONT};font-size:16px;font-weight:bold;color:{self._on};text-decoration:none"
        style = f'dir="auto" style="{look};display:inline-block;padding:14px 28px"'
        inner = (
            f'<a href="{h(url)}" target="_blank" rel="noopener" {style}>{h(block.text)}</a>'
            if url
            else f"<span {style}>{h(block.text)}</span>"
        )
        return (
            '<table role="presentation" cellpadding="0" cellspacing="0" border="0" align="center"><tr>'
            f'<td align="center" bgcolor="{self._accent}" style="background:{self._accent};border-radius:8px;'
            f'mso-padding-alt:14px 28px">{inner}</td></tr></table>'
        )

    def _picture(self, block: Block) -> str:
        shown = self.shown(block)
        if shown is None:
            return self._note(block) if block.text else ""
        first = block is self.blocks[0]
        width = min(shown.width, WIDTH if first else WIDTH - 64)
        alt = h(alt_of(block, self.board, self._library))
        image = (
            f'<img src="{self._source(shown)}" alt="{alt}" width="{width}" border="0" '
            f'style="display:block;width:100%;max-width:{width}px;height:auto;margin:0 auto">'
        )
        return image + (self._note(block) if block.text else "")

    _video = _slider = _picture

    def _sound(self, block: Block) -> str:
        return ""  # mail programs play none

    def _list(self, block: Block) -> str:
        return self._numbered(block, "•")

    def _steps(self, block: Block) -> str:
        return self._numbered(block, "")

    def _numbered(self, block: Block, sign: str) -> str:
        number = f"{_FONT};font-size:16px;line-height:1.5;color:{self._accent}"
        rows = "".join(
            f'<tr><td valign="top" width="28" style="{number}"><b>{sign or n}</b>'
            f"</td><td>{_para(lines(words(item)), '16px', _INK)}</td></tr>"
            for n, item in enumerate(block.data.get("items", []), start=1)
        )
        return _wide(rows)

    def _table(self, block: Block) -> str:
        style = f'style="padding:6px 8px;border-bottom:1px solid {_LINE}"'
        head = "".join(
            f'<th scope="col" align="left" {style}>{_para(h(words(c)), "14px", _SOFT, kind="soft")}</th>'
            for c in block.data.get("head", [])
        )
        rows = "".join(
            "<tr>"
            + "".join(f'<td valign="top" {style}>{_para(lines(words(c)), "14px", _INK)}</td>' for c in row)
            + "</tr>"
            for row in block.data.get("rows", [])
        )
        return f'<table width="100%" cellpadding="0" cellspacing="0" border="0"><tr>{head}</tr>{rows}</table>'

    def _group(self, block: Block) -> str:
        columns = min(max(int(block.data.get("columns", 2)), 1), 3)
        inner = inner_of(block)
        heading = self._heading(Block("heading", block.text, None, {"level": 2})) if block.text else ""
        rows = ""
        for start in range(0, len(inner), columns):
            cells = "".join(self._column(one, columns) for one in inner[start : start + columns])
            rows += f"<tr>{cells}</tr>"
        table = _wide(rows)
        return heading + table

    def _column(self, block: Block, columns: int) -> str:
        parts = inner_of(block) if block.kind == "group" else [block]
        inside = "".join(f'<div style="padding:4px 0">{self._inner(one)}</div>' for one in parts)
        return f'<td class="cell" valign="top" width="{100 // columns}%" style="padding:8px">{inside}</td>'

    def _quiz(self, block: Block) -> str:
        data = block.data
        asked = _para(f"<b>{h(words(data.get('question')) or block.text)}</b>", "16px", _INK)
        return asked + self._list(Block("list", "", None, {"items": data.get("choices", [])}))

    def _words(self, blocks: list[Block]) -> Iterator[str]:
        for block in blocks:
            data = block.data
            if block.kind == "button":
                url = safe_url(words(data.get("url")))
                yield f"{block.text}: {url}" if url else block.text
            elif block.kind in ("list", "steps"):
                sign = "{n}. " if block.kind == "steps" else "- "
                items = [words(item) for item in data.get("items", [])]
                yield "\n".join(sign.format(n=n) + item for n, item in enumerate(items, start=1))
            elif block.kind == "table":
                rows = [data.get("head", []), *data.get("rows", [])]
                yield "\n".join(" | ".join(words(cell) for cell in row) for row in rows if row)
            elif block.kind == "quiz":
                yield "\n".join(
                    [words(data.get("question")) or block.text, *map(words, data.get("choices", []))]
                )
            elif block.kind == "quote":
                yield f"“{block.text}”" + (f"\n{words(data['author'])}" if data.get("author") else "")
            elif block.kind == "group":
                yield block.text
                yield from self._words(inner_of(block))
            elif block.kind != "sound":
                yield block.text


def _wide(rows: str) -> str:
    return f'<table role="presentation" width="100%" {_BARE}>{rows}</table>'


def _cell(inner: str, padding: str, style: str = "") -> str:
    return f'<tr><td style="padding:{padding};{style}">{inner}</td></tr>'


def _para(markup: str, size: str, colour: str, *, kind: str = "ink") -> str:
    style = f"margin:0;{_FONT};font-size:{size};line-height:1.5;color:{colour}"
    return f'<p class="{kind}" dir="auto" style="{style}">{markup}</p>'
