"""One network: what it is for, what it may be used for, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QProgressBar, QWidget

from mmstudio.desktop.models.catalogue import KINDS, ORIGINS, STATES
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, section
from mmstudio.desktop.views.flow import FlowLayout, ScrollColumn, let_wrap
from mmstudio.desktop.words import size_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.jobs import Progress
    from mmstudio.learning.catalogue import Row


class CatalogueCard(ScrollColumn):
    """Signals carry the network's name."""

    downloaded = Signal(str)
    cancelled = Signal(str)
    checked = Signal(str)
    removed = Signal(str)
    tuned = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((24, 16, 24, 24), 8, parent)
        self._row: Row | None = None
        layout = self.column
        self.title = label(role="title", wrap=True)
        self.facts_line = label(role="muted", wrap=True)
        self.purpose = label(wrap=True)
        self.download_button = button(
            mark("Download"), lambda: self._send(self.downloaded), "primary", icon="cloud-arrow-down"
        )
        self.cancel_button = button(mark("Cancel"), lambda: self._send(self.cancelled), icon="x")
        self.tune_button = button(
            mark("Fine-tune…"), lambda: self._send(self.tuned), icon="sliders-horizontal"
        )
        self.check_button = button(mark("Check"), lambda: self._send(self.checked), icon="shield-check")
        self.remove_button = button(mark("Remove"), lambda: self._send(self.removed), "danger", icon="trash")
        actions = QWidget()
        flow = FlowLayout(actions)
        for control in (
            self.download_button,
            self.cancel_button,
            self.tune_button,
            self.check_button,
            self.remove_button,
        ):
            flow.addWidget(control)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        name(self.bar, mark("Progress of the download"))
        self.note = label(role="muted", wrap=True)
        self.answer = label(wrap=True)
        self.answer_hint = label(role="muted", wrap=True)
        self.facts_title = section(
            mark("About it"),
            mark(
                "The licence is that of the weights. The checksum is a fingerprint that its publisher "
                "states; a file with another one is thrown away."
            ),
        )
        self.facts = label(wrap=True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.card_title = section(mark("Model card"))
        self.card = label(wrap=True)
        self.card.setTextFormat(Qt.TextFormat.MarkdownText)
        for widget in (
            self.title, self.facts_line, self.purpose, actions, self.bar, self.note, self.answer,
            self.answer_hint, self.facts_title, self.facts, self.card_title, self.card,
        ):  # fmt: skip
            layout.addWidget(widget)
        layout.addStretch(1)
        let_wrap(self.body)

    def show_row(self, row: Row, card: str, *, running: bool) -> None:
        """Show a network.

        Args:
            card: the text of its model card, empty where it has none.
            running: its download is under way.
        """
        if self._row is None or self._row.name != row.name:
            self.say_answer("", "", "muted")
            self.verticalScrollBar().setValue(0)
        self._row = row
        self.title.setText(row.title)
        state = STATES["running" if running else row.state]
        parts = [tr(KINDS.get(row.kind, row.kind)), size_text(row.size), tr(state)]
        if row.state in ("installed", "damaged"):
            parts.append(tr(ORIGINS[row.origin]))
        self.facts_line.setText("  ·  ".join(parts))
        self.purpose.setText(row.purpose)
        self.purpose.setVisible(bool(row.purpose))
        there = row.state in ("installed", "damaged")
        self.download_button.setVisible(not there and not running)
        say(self.download_button, mark("Resume download") if row.state == "partial" else mark("Download"))
        self.cancel_button.setVisible(running)
        self.tune_button.setVisible(row.state == "installed" and row.kind == "image-backbone")
        self.check_button.setVisible(there)
        self.remove_button.setVisible(
            (there and row.origin != "starter") or (row.state == "partial" and not running)
        )
        say(self.remove_button, mark("Remove") if there else mark("Discard what arrived"))
        self.bar.setVisible(running or row.state == "partial")
        self.note.setVisible(running or row.state in ("partial", "available"))
        if not running:
            self.bar.setRange(0, max(1, row.size // 1000))
            self.bar.setValue(row.fetched // 1000)
            if row.state == "partial":
                say(
                    self.note, mark("{done} of {total} are here; the download goes on from there."),
                    done=size_text(row.fetched), total=size_text(row.size),
                )  # fmt: skip
            else:
                say(
                    self.note,
                    mark("Nothing is contacted until you press Download: then {size} come from {host}."),
                    size=size_text(row.size),
                    host=row.host,
                )
        if row.problem:
            self.say_answer(row.problem, tr("Remove it, then download or import it again."), "warning")
        self._show_facts(row)
        self.card.setText(_words(card))
        for widget in (self.card_title, self.card):
            widget.setVisible(bool(card) and row.state == "installed")

    def show_progress(self, progress: Progress) -> None:
        """How far the download is."""
        self.bar.setRange(0, max(0, (progress.total or 0) // 1000))
        self.bar.setValue(progress.done // 1000)
        if progress.note:
            self.note.setText(progress.note)

    def say_answer(self, sentence: str, hint: str, role: str) -> None:
        """What came of the last action; translated already."""
        self.answer.setText(sentence)
        self.answer.setProperty("role", role)
        self.answer.style().unpolish(self.answer)
        self.answer.style().polish(self.answer)
        self.answer_hint.setText(hint)
        self.answer.setVisible(bool(sentence))
        self.answer_hint.setVisible(bool(hint))

    def _show_facts(self, row: Row) -> None:
        facts = [
            (tr("Licence"), row.licence or tr("not stated")),
            (tr("Network"), row.architecture),
            (tr("Numbers per picture") if row.kind.startswith("image") else tr("Numbers per text"),
             f"{row.dimension:,}" if row.dimension else ""),
            (tr("Source"), row.source),
            (tr("Folder"), row.path),
        ]  # fmt: skip
        lines = [f"{title}:  {value}" for title, value in facts if value]
        if row.note:
            lines += ["", row.note]
        self.facts.setText("\n".join(lines))

    def _send(self, signal: SignalInstance) -> None:
        if self._row is not None:
            signal.emit(self._row.name)


def _words(card: str) -> str:
    """A model card as Markdown below the network's name: without its title, headings in bold."""
    lines = [line for line in card.strip().splitlines() if not line.startswith("# ")]
    return "\n".join(f"\n**{line.lstrip('# ')}**\n" if line.startswith("#") else line for line in lines)
