"""Two copies side by side: large, with the same facts on both sides, and which of them is kept and why."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop import theme
from mmstudio.desktop.models.findings import Side, facts_shown, sides
from mmstudio.desktop.previewers.preview import AssetPreview
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, tool
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.cleaning import Subject
    from mmstudio.desktop.context import AppContext

_DIFF_MOST = 6_000  # characters of each text that are compared word by word
Loaded = tuple[list[Side], str, tuple[str, str] | None]


class CompareView(QWidget):
    """The copy that is kept at the left, another one at the right."""

    keeper_changed = Signal(int)  # asset id

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._subject: Subject | None = None
        self._sides: list[Side] = []
        self._why = ""
        self._at = 1
        self.keep = 0
        self.panels = (_Panel(context), _Panel(context))
        self.kept = label(mark("Kept"), "chip")
        self.why = label(role="muted")
        self.why.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.gone = label(mark("To the trash"), "chip")
        self.choose = button(
            mark("Keep this"),
            self.swap,
            "quiet",
            tip=mark("Keep this copy and move the other to the trash"),
        )
        self.before = tool("caret-left", mark("Previous copy of this group"), lambda: self.turn(-1))
        self.place = label(role="small")
        self.after = tool("caret-right", mark("Next copy of this group"), lambda: self.turn(1))
        heads = QHBoxLayout()
        for widgets in ((self.kept, self.why), (self.gone, self.choose)):
            half = QWidget()
            line = QHBoxLayout(half)
            line.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                line.addWidget(widget)
            if widgets[0] is self.gone:
                line.insertStretch(1, 1)
            else:
                line.setStretch(1, 1)
            half.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            heads.addWidget(half, 1)
        heads.setSpacing(12)
        for part in (self.before, self.place, self.after):
            self.panels[1].top.addWidget(part)
        pictures = QHBoxLayout()
        pictures.setSpacing(12)
        for panel in self.panels:
            pictures.addWidget(panel, 1)
        self._facts = QWidget()
        self._grid = QGridLayout(self._facts)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(2, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(heads)
        layout.addLayout(pictures, 1)
        layout.addWidget(self._facts)

    def show_group(self, subject: Subject, keep: int | None = None) -> None:
        """Show a group of copies; the first one is kept where ``keep`` is not given."""
        self._subject = subject
        self.keep = keep if keep is not None else subject.asset_ids[0]
        library, kept = self._context.library, self.keep

        def load() -> Loaded:
            from mmstudio.cleaning import why_kept

            found = sides(library, subject, kept)
            assets = [side.asset for side in found]
            why = why_kept(library, assets[0], assets[1:]) if len(assets) > 1 else ""
            return found, why, _marked(found)

        self._context.background(load, self._loaded, key=("doctor-compare", id(self)))

    @property
    def right(self) -> int | None:
        """The copy at the right, None where there is none."""
        return self._sides[self._at].asset.id if self._at < len(self._sides) else None

    def swap(self) -> None:
        """Keep the copy at the right instead."""
        if self._subject is not None and len(self._sides) > 1:
            self.show_group(self._subject, self._sides[self._at].asset.id)
            self.keeper_changed.emit(self.keep)

    def turn(self, step: int) -> None:
        """Show another copy of a group of more than two at the right."""
        if len(self._sides) > 2:
            self._at = (self._at - 1 + step) % (len(self._sides) - 1) + 1
            self._show(None)

    def clear(self) -> None:
        """Show nothing; players stop."""
        self._subject, self._sides = None, []
        self._context.drop(("doctor-compare", id(self)))
        for panel in self.panels:
            panel.clear()

    def close_view(self) -> None:
        """End the threads of players."""
        for panel in self.panels:
            panel.preview.close_preview()

    def _loaded(self, loaded: Loaded) -> None:
        self._sides, self._why, marked = loaded
        self._at = 1
        self._show(marked)

    def _show(self, marked: tuple[str, str] | None) -> None:
        shown = [self._sides[i] for i in (0, self._at) if i < len(self._sides)]
        for place, (panel, side) in enumerate(zip(self.panels, shown, strict=False)):
            panel.show_side(side, marked[place] if marked is not None else None)
        unsay(self.why)
        self.why.setText(self._why)
        self.why.setToolTip(self._why)
        several = len(self._sides) > 2
        for part in (self.before, self.place, self.after):
            part.setVisible(several)
        if several:
            self.place.setText(f"{self._at} / {len(self._sides) - 1}")
            words = mark("copy {at} of {n}")
            say(self.place, words, "setAccessibleName", at=self._at, n=len(self._sides) - 1)
        self.choose.setEnabled(len(shown) > 1 and not self._context.read_only)
        self._fill(shown)

    def _fill(self, shown: list[Side]) -> None:
        while (taken := self._grid.takeAt(0)) is not None:
            widget = taken.widget()
            if widget is not None:
                widget.deleteLater()
        for line, fact in enumerate(facts_shown(shown)):
            values = [side.facts[fact] for side in shown]
            middle = label(role="small")
            middle.setText(fact)
            middle.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._grid.addWidget(middle, line, 1)
            for place, value in enumerate(values):
                words = _Value(value or "–")
                words.setProperty("role", "strong" if len(set(values)) > 1 and value else "muted")
                words.setAccessibleName(f"{fact}: {value}")
                if place == 0:
                    words.setAlignment(Qt.AlignmentFlag.AlignRight)
                self._grid.addWidget(words, line, 2 * place)


class _Value(QLabel):
    """A fact of one side, cut in the middle where it is too long; the whole of it as a tool tip."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._whole = text
        self.setToolTip(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def resizeEvent(self, event: object) -> None:
        cut = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())
        if cut != self.text():
            self.setText(cut)


class _Panel(QWidget):
    """One side: the previewer of its kind; a text with what differs marked."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.preview = AssetPreview(context)
        self.page = QTextBrowser()
        self.page.setOpenLinks(False)
        name(self.page, mark("Text, with what differs marked"))
        self.heading = label(role="strong")
        self.heading.setMinimumHeight(32)  # as high as the arrows beside it on the other side
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.top = QHBoxLayout()
        self.top.addWidget(self.heading, 1)
        layout.addLayout(self.top)
        layout.addWidget(self.preview, 1)
        layout.addWidget(self.page, 1)
        self.setMinimumSize(120, 120)

    def show_side(self, side: Side, marked: str | None) -> None:
        self.heading.setText(side.asset.title or side.asset.rel_path)
        self.heading.setToolTip(side.asset.rel_path)
        self.page.setVisible(marked is not None)
        self.preview.setVisible(marked is None)
        if marked is not None:
            self.preview.clear()
            self.page.setHtml(marked)
        else:
            self.preview.show_asset(side.asset)

    def clear(self) -> None:
        self.preview.clear()
        self.page.clear()


def _marked(found: list[Side]) -> tuple[str, str] | None:
    """Both texts as HTML: what only one has is underlined on a tinted ground."""
    if len(found) != 2 or any(side.asset.kind != "text" for side in found):
        return None
    from mmstudio.cleaning.texts import differences

    one, other = (side.text[:_DIFF_MOST] for side in found)
    ground = theme.tokens().selection
    parts: tuple[list[str], list[str]] = ([], [])
    for what, a, b, c, d in differences(one, other):
        for place, piece in ((0, one[a:b]), (1, other[c:d])):
            safe = html.escape(piece).replace("\n", "<br>")
            if what != "equal" and piece:
                safe = f'<u style="background-color:{ground}">{safe}</u>'
            parts[place].append(safe)
    more = tr("The rest is not shown.") if any(len(side.text) > _DIFF_MOST for side in found) else ""
    end = f"<p><i>{html.escape(more)}</i></p>" if more else ""
    return "".join(parts[0]) + end, "".join(parts[1]) + end
