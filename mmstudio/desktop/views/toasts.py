"""Notices: small cards at the lower right that never take the focus, and the list of past ones."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import tool
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext, Notice

_WIDTH = 360
_MARGIN = 12
_BOTTOM = 104  # above the strip of jobs and above the buttons at the foot of a page: no card covers them
_AT_ONCE = 3
_KEPT = 50
_ACTION_STAYS_MS = 15000  # what offers something stays long enough to be taken
_STAYS_MS = {"info": 6000, "success": 6000, "warning": 15000, "error": 0}
_ICONS = {
    "info": ("info", "accent"),
    "success": ("check-circle", "success"),
    "warning": ("warning", "warning"),
    "error": ("warning-circle", "danger"),
}


class Toasts(QObject):
    """Shows notices over ``over``; the newest is lowest."""

    counted = Signal(int)  # notices that were not looked at

    def __init__(self, context: AppContext, over: QWidget) -> None:
        super().__init__(over)
        self._context, self._over = context, over
        self._cards: list[_Card] = []
        self.past: deque[Notice] = deque(maxlen=_KEPT)
        self._unread = 0
        context.notice.connect(self.show_notice)
        over.installEventFilter(self)

    @property
    def shown(self) -> list[Notice]:
        """Notices on the screen."""
        return [card.notice for card in self._cards]

    def show_notice(self, notice: Notice) -> None:
        """Show one; the same words twice are shown once."""
        for card in list(self._cards):
            if card.notice == notice:
                self._remove(card)
        self.past.append(notice)
        self._unread += 1
        self.counted.emit(self._unread)
        card = _Card(notice, self._over)
        card.closed.connect(lambda: self._remove(card))
        self._cards.append(card)
        while len(self._cards) > _AT_ONCE:
            self._remove(next((c for c in self._cards if c.notice.level != "error"), self._cards[0]))
        self._place()
        card.show()
        card.raise_()
        if not self._context.settings.reduce_motion:
            card.slide_in()
        QAccessible.updateAccessibility(
            QAccessibleAnnouncementEvent(self._over, f"{notice.text} {notice.hint}".strip())
        )

    def read_all(self) -> None:
        """The list of past notices was opened."""
        self._unread = 0
        self.counted.emit(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _remove(self, card: _Card) -> None:
        if card in self._cards:
            self._cards.remove(card)
            card.hide()
            card.deleteLater()
            self._place()

    def _place(self) -> None:
        bottom = self._over.height() - _BOTTOM
        for card in reversed(self._cards):
            card.ensurePolished()
            height = card.heightForWidth(_WIDTH)
            card.put(self._over.width() - _WIDTH - _MARGIN, bottom - height, height)
            bottom -= height + 8


class _Card(QFrame):
    closed = Signal()

    def __init__(self, notice: Notice, over: QWidget) -> None:
        super().__init__(over)
        self.notice = notice
        self._moving = QPropertyAnimation(self, b"pos", self)
        self._moving.setDuration(theme.MOTION_MS)
        self._moving.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.setProperty("surface", "toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        symbol = QLabel()
        symbol.setPixmap(icon(*_ICONS[notice.level]).pixmap(20, 20))
        text = label(role="strong" if notice.hint else "", wrap=True)
        text.setText(notice.text)
        close = tool("x", mark("Close this notice"), self.closed.emit)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(text)
        if notice.hint:
            hint = label(role="muted", wrap=True)
            hint.setText(notice.hint)
            words.addWidget(hint)
        if notice.action is not None:
            act_label, act = notice.action
            button = QToolButton()
            button.setText(act_label)
            button.setProperty("role", "chip")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self.closed)
            button.clicked.connect(lambda _on=False: act())
            words.addSpacing(4)
            words.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, 6, 12)
        layout.setSpacing(10)
        layout.addWidget(symbol, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(notice.text)
        stays = _STAYS_MS[notice.level]
        if stays:
            stays = max(stays, _ACTION_STAYS_MS) if notice.action else stays
            QTimer.singleShot(stays, self, self._leave)

    def put(self, x: int, y: int, height: int) -> None:
        """Stand here; a motion under way ends here too."""
        self._moving.stop()
        self.setGeometry(x, y, _WIDTH, height)

    def slide_in(self) -> None:
        """Come in from below."""
        self._moving.setStartValue(self.pos() + QPoint(0, 16))
        self._moving.setEndValue(self.pos())
        self._moving.start()

    def _leave(self) -> None:
        if self.underMouse():
            QTimer.singleShot(2000, self, self._leave)
        else:
            self.closed.emit()


class NoticeBell(QToolButton):
    """Opens the list of past notices; a number tells how many were not looked at."""

    def __init__(self, toasts: Toasts) -> None:
        super().__init__()
        self._toasts = toasts
        self.setIcon(icon("bell", "muted"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        name(self, mark("Notices"), mark("What was said before"))
        self.clicked.connect(lambda _on=False: self.open())
        toasts.counted.connect(lambda n: self.setText(str(n) if n else ""))

    def open(self) -> None:
        """Show the newest twenty."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for notice in list(self._toasts.past)[-20:][::-1]:
            words = notice.text if len(notice.text) < 90 else notice.text[:88] + "…"
            entry = menu.addAction(icon(*_ICONS[notice.level]), words)
            entry.setToolTip(notice.hint)
            entry.triggered.connect(lambda _on=False, n=notice: self._toasts.show_notice(n))
        if menu.isEmpty():
            menu.addAction(tr("There are no notices.")).setEnabled(False)
        self._toasts.read_all()
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
