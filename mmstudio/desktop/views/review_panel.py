"""Beside the preview: the verdict, remarks on moments and places, and the package for a client."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.models.board import BoardFacts
from mmstudio.desktop.texts import label, name, say, unsay
from mmstudio.desktop.views.controls import button, row, section, tool
from mmstudio.desktop.views.flow import ScrollColumn, empty, let_wrap
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library.remarks import Remark

_VERDICTS = {
    "approved": mark("Approved by {who}"),
    "rejected": mark("Rejected by {who}"),
    "changes": mark("{who} asks for changes"),
}


class ReviewPanel(ScrollColumn):
    """Signals carry what the person does; the pane keeps it.

    Signals:
        judged: verdict and comment. remarked: the words of a remark, and whether it is on this moment.
        done_changed: a remark's id and whether it is dealt with. jump: the id of a remark to show.
        pointing: whether the next click on the picture is a place.
        package_wanted, import_wanted: the buttons.
        who_changed: initials.
    """

    judged = Signal(str, str)
    remarked = Signal(str, bool)
    done_changed = Signal(int, bool)
    jump = Signal(int)
    pointing = Signal(bool)
    package_wanted = Signal()
    import_wanted = Signal()
    who_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((16, 12, 16, 16), 8, parent)
        self._facts: BoardFacts | None = None
        self._read_only = True
        self.setMinimumWidth(240)
        layout = self.column
        self.who = QLineEdit()
        self.who.setMaxLength(60)
        self.who.setMaximumWidth(120)
        name(self.who, mark("Your initials"), mark("They stand beside what you say here"))
        self.who.editingFinished.connect(lambda: self.who_changed.emit(self.who.text().strip()))
        layout.addLayout(row(label(mark("Your initials"), "small"), self.who, None))
        self._build_verdict(layout)
        self._build_remarks(layout)
        self._build_package(layout)
        layout.addStretch(1)
        let_wrap(self.body)
        self.setEnabled(False)

    def _build_verdict(self, layout: QVBoxLayout) -> None:
        layout.addWidget(section(mark("Verdict")))
        self.verdicts = QLabel()
        self.verdicts.setWordWrap(True)
        self.verdicts.setTextFormat(Qt.TextFormat.PlainText)
        self.comment = QLineEdit()
        name(self.comment, mark("Comment"))
        say(self.comment, mark("Comment (optional)"), "setPlaceholderText")
        self.approve_button = button(mark("Approve"), lambda: self._judge("approved"), icon="check")
        self.changes_button = button(mark("Changes"), lambda: self._judge("changes"), icon="pencil-simple")
        self.reject_button = button(mark("Reject"), lambda: self._judge("rejected"), icon="x")
        layout.addWidget(self.verdicts)
        layout.addWidget(self.comment)
        layout.addLayout(row(self.approve_button, self.changes_button, None, spacing=4))
        layout.addLayout(row(self.reject_button, None))

    def _build_remarks(self, layout: QVBoxLayout) -> None:
        layout.addWidget(
            section(
                mark("Remarks"),
                mark(
                    "A remark belongs to a moment, and to a place where you point at one."
                    " Click one to go there."
                ),
            )
        )
        self.list = QWidget()
        self._list = QVBoxLayout(self.list)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(6)
        layout.addWidget(self.list)
        self.remark = QLineEdit()
        self.remark.setMaxLength(4000)
        name(self.remark, mark("Your remark"))
        say(self.remark, mark("What should change here?"), "setPlaceholderText")
        self.remark.returnPressed.connect(self._remark)
        self.moment = QCheckBox()
        self.moment.setChecked(True)
        say(self.moment, mark("At this moment"))
        self.point_button = tool(
            "crosshair",
            mark("Point at a place"),
            tip=mark("The next click on the picture is the place of the remark"),
            checkable=True,
        )
        self.point_button.toggled.connect(self.pointing)
        self.add_button = button(mark("Add remark"), self._remark, icon="chat-circle")
        layout.addWidget(self.remark)
        layout.addLayout(row(self.moment, self.point_button, None))
        layout.addLayout(row(self.add_button, None))

    def _build_package(self, layout: QVBoxLayout) -> None:
        layout.addWidget(
            section(
                mark("For a client"),
                mark(
                    "A preview package is a folder that a client opens in a browser, without a network."
                    " Their remarks come back as a file."
                ),
            )
        )
        self.package_button = button(mark("Make a preview package"), self.package_wanted.emit, icon="package")
        self.import_button = button(
            mark("Take in remarks"), self.import_wanted.emit, icon="download-simple",
            tip=mark("Open a file of remarks that came back, or drop it on this pane"),
        )  # fmt: skip
        layout.addLayout(row(self.package_button, None))
        layout.addLayout(row(self.import_button, None))

    def show_facts(self, facts: BoardFacts | None, *, read_only: bool, who: str) -> None:
        """Show verdicts and remarks of a storyboard."""
        self._facts, self._read_only = facts, read_only
        self.setEnabled(facts is not None)
        if not self.who.hasFocus():
            self.who.setText(who)
        for widget in (
            self.approve_button, self.changes_button, self.reject_button, self.comment, self.remark,
            self.add_button, self.point_button, self.package_button, self.import_button,
        ):  # fmt: skip
            widget.setEnabled(not read_only)
        empty(self._list)
        if facts is None:
            self.verdicts.clear()
            return
        self.verdicts.setText(
            "\n".join(_verdict_line(a.verdict, a.who, a.comment, a.created_at) for a in facts.approvals[:5])
        )
        self.verdicts.setVisible(bool(facts.approvals))
        if not facts.remarks:
            self._list.addWidget(label(mark("No remarks yet."), "muted"))
        for number, remark in enumerate(facts.remarks, 1):
            self._list.addWidget(self._line(number, remark))

    def _line(self, number: int, remark: Remark) -> QWidget:
        made = QFrame()
        made.setProperty("surface", "card")
        column = QVBoxLayout(made)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(2)
        when = tr("On the whole") if remark.at is None else f"{remark.at:.1f} s"
        head = button(mark("Remark"), lambda: self.jump.emit(remark.id), "link")
        unsay(head)
        head.setText(f"{number} · {when} · {remark.who}")
        head.setToolTip(_local(remark.created_at))
        head.setProperty("remark", remark.id)
        done = QCheckBox()
        say(done, mark("Done"))
        name(done, mark("Done"), mark("This remark has been dealt with"))
        done.setChecked(remark.done)
        done.setEnabled(not self._read_only)
        done.toggled.connect(lambda on: self.done_changed.emit(remark.id, on))
        words = QLabel(remark.text)
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if remark.done:
            words.setProperty("role", "muted")
        column.addLayout(row(head, None, done))
        column.addWidget(words)
        return made

    def begin_remark(self) -> None:
        """A place was pointed at: the words come next."""
        self.moment.setChecked(True)
        self.point_button.setChecked(False)
        self.remark.setFocus(Qt.FocusReason.OtherFocusReason)

    def _judge(self, verdict: str) -> None:
        if self._facts is not None:
            self.judged.emit(verdict, self.comment.text().strip())
            self.comment.clear()

    def _remark(self) -> None:
        words = self.remark.text().strip()
        if self._facts is None or self._read_only:
            return
        if not words:
            self.remark.setFocus()
            return
        self.remarked.emit(words, self.moment.isChecked())
        self.remark.clear()


def _verdict_line(verdict: str, who: str, comment: str, when: str) -> str:
    head = f"{tr(_VERDICTS.get(verdict, verdict), who=who)} · {_local(when)}"
    return f"{head}: {comment}" if comment else head


def _local(when: str) -> str:
    """A time of the library as it is read here, to the minute."""
    try:
        return f"{datetime.fromisoformat(when).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return when[:16]
