"""What a brand check found: the pass rate, one line for each finding, a button where one click helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from mmstudio.composition.names import shown_name
from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import button, card, row
from mmstudio.desktop.views.flow import empty, let_wrap
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition.brand import BrandReport, Finding

RULES = {
    "contrast": mark("Contrast"), "size": mark("Size"), "clear space": mark("Clear space"),
    "logo": mark("Logo"), "words": mark("Words"), "disclaimer": mark("Disclaimer"),
    "colour": mark("Colour"), "font": mark("Font"),
}  # fmt: skip
_MOST = 60  # findings shown; a board with more is fixed all at once


class BrandReportView(QWidget):
    """
    Signals:
        fix_wanted: a :class:`Finding`. all_wanted: put everything right that can be.
    """

    fix_wanted = Signal(object)
    all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.report: BrandReport | None = None
        self._writing = True
        self.rate = label(role="heading")
        self.detail = label(role="small", wrap=True)
        self.all_button = button(mark("Put all right"), self.all_wanted.emit, "primary", icon="magic-wand")
        self._list = QVBoxLayout()
        self._list.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row(self.rate, None, self.all_button))
        column.addWidget(self.detail)
        column.addLayout(self._list)
        self.buttons: list[QWidget] = []
        self.show_report(None, writing=True)

    def show_report(self, report: BrandReport | None, *, writing: bool) -> None:
        """A report, or None while there is none."""
        self.report, self._writing = report, writing
        empty(self._list)
        self.buttons = []
        self.setVisible(report is not None)
        if report is None:
            return
        self.rate.setText(
            tr(
                "As it is: {rate} %, {n} of {total} checks passed",
                rate=int(100 * report.rate),
                n=report.passed,
                total=report.total,
            )
        )
        self.detail.setText(
            " · ".join(
                f"{tr(RULES[rule])} {passed}/{total}" for rule, (passed, total) in report.by_rule.items()
            )
        )
        fixable = [finding for finding in report.findings if finding.fix is not None]
        self.all_button.setVisible(bool(fixable))
        self.all_button.setEnabled(writing)
        for finding in report.findings[:_MOST]:
            self._list.addWidget(self._line(finding))
        if len(report.findings) > _MOST:
            more = label(role="small")
            more.setText(tr("and {n} more", n=len(report.findings) - _MOST))
            self._list.addWidget(more)
        let_wrap(self)

    def _line(self, finding: Finding) -> QWidget:
        frame, layout = card()
        layout.setContentsMargins(12, 8, 8, 8)
        sign = QLabel()
        sign.setPixmap(icon("warning", "warning").pixmap(QSize(18, 18)))
        words = label(wrap=True)
        place = shown_name(finding.scene) if finding.scene else ""
        words.setText(f"{tr(RULES[finding.rule])}: {finding.message}" + (f"  ({place})" if place else ""))
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        parts: list[QWidget | int | None] = [sign, words]
        if finding.fix is not None:
            mend = button(mark("Fix"), lambda: self.fix_wanted.emit(finding), icon="wrench")
            mend.setText(finding.fix)
            mend.setAccessibleName(f"{finding.fix}: {finding.message}")
            mend.setEnabled(self._writing)
            self.buttons.append(mend)
            parts.append(mend)
        line = row(*parts)
        line.setStretch(1, 1)
        layout.addLayout(line)
        return frame

    def retranslate(self) -> None:
        """Say it again; the sentences of findings come anew with the next check."""
        self.show_report(self.report, writing=self._writing)
