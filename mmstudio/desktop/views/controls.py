"""Small controls that every pane uses, in the studio's look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWhatsThis,
    QWidget,
)

from mmstudio.desktop.icons import icon as make_icon
from mmstudio.desktop.texts import label, name, say
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.library.records import Audience

Role = Literal["", "primary", "quiet", "danger", "link"]
ICON = QSize(18, 18)


def button(
    template: str, slot: Callable[[], Any], role: Role = "", *, icon: str = "", tip: str = ""
) -> QPushButton:
    """A push button with marked English text. ``primary`` is for the one next step of a view."""
    made = QPushButton()
    made.setAutoDefault(True)  # Enter presses it, as Space does
    made.setProperty("role", role)
    say(made, template)
    if tip:
        say(made, tip, "setToolTip")
    if icon:
        made.setIcon(make_icon(icon, "on_accent" if role == "primary" else "text"))
        made.setIconSize(ICON)
    made.setCursor(Qt.CursorShape.ArrowCursor)
    made.clicked.connect(lambda _checked=False: slot())
    return made


def inset(*spins: QAbstractSpinBox) -> None:
    """Let numbers start where the words of other fields start; a style sheet cannot say it."""
    for spin in spins:
        spin.lineEdit().setTextMargins(6, 0, 0, 0)


def tool(
    icon: str,
    accessible: str,
    slot: Callable[[], Any] | None = None,
    *,
    tip: str = "",
    checkable: bool = False,
) -> QToolButton:
    """An icon button; ``accessible`` (marked English) is its name and, without ``tip``, its tool tip."""
    made = QToolButton()
    made.setIcon(make_icon(icon, "text", "accent"))
    made.setIconSize(ICON)
    made.setCheckable(checkable)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    name(made, accessible, tip)
    if slot is not None:
        made.clicked.connect(lambda _checked=False: slot())
    return made


def action_tool(action: QAction) -> QToolButton:
    """An icon button that follows an action's icon, enabled and checked state."""
    made = QToolButton()
    made.setDefaultAction(action)
    made.setIconSize(ICON)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName(action.text())
    action.changed.connect(lambda: made.setAccessibleName(action.text()))
    return made


def help_dot(explanation: str) -> QToolButton:
    """A "?" that explains a term in two sentences (marked English), on hover, click and F1."""
    made = QToolButton()
    made.setIcon(make_icon("question", "muted"))
    made.setIconSize(QSize(16, 16))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    say(made, mark("What is this?"), "setAccessibleName")
    for setter in ("setToolTip", "setWhatsThis", "setAccessibleDescription"):
        say(made, explanation, setter)
    made.clicked.connect(
        lambda _checked=False: QWhatsThis.showText(
            made.mapToGlobal(made.rect().bottomLeft()), made.whatsThis(), made
        )
    )
    return made


def row(
    *widgets: QWidget | int | None, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QHBoxLayout:
    """A horizontal layout; an int is a fixed space, None a stretch."""
    made = QHBoxLayout()
    _fill(made, widgets, spacing, margins)
    return made


def column(
    *widgets: QWidget | int | None, spacing: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QVBoxLayout:
    """A vertical layout; an int is a fixed space, None a stretch."""
    made = QVBoxLayout()
    _fill(made, widgets, spacing, margins)
    return made


def _fill(
    layout: QHBoxLayout | QVBoxLayout,
    widgets: tuple[QWidget | int | None, ...],
    spacing: int,
    margins: tuple[int, int, int, int],
) -> None:
    layout.setSpacing(spacing)
    layout.setContentsMargins(*margins)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        elif isinstance(widget, int):
            layout.addSpacing(widget)
        else:
            layout.addWidget(widget)


def offer_audiences(box: QComboBox, audiences: Sequence[Audience]) -> None:
    """Offer nobody and these in a box, by id; who is chosen stays chosen, and no signal tells of it."""
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    box.addItem(tr("Nobody in particular"), None)
    for one in audiences:
        box.addItem(one.name, one.id)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)


def rule() -> QFrame:
    """A thin horizontal line."""
    made = QFrame()
    made.setProperty("rule", "true")
    made.setFixedHeight(1)
    return made


def card() -> tuple[QFrame, QVBoxLayout]:
    """A raised frame and its layout."""
    frame = QFrame()
    frame.setProperty("surface", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(16, 12, 16, 12)
    layout.setSpacing(8)
    return frame, layout


def section(template: str, explanation: str = "") -> QWidget:
    """A heading row, with a "?" where the term needs one."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 8, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(label(template, "strong"))
    if explanation:
        layout.addWidget(help_dot(explanation))
    layout.addStretch(1)
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return made
