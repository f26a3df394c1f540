"""Painted views say what is in hand: as their description, and aloud where a screen reader listens."""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


def tell(view: QWidget, said: str, *, aloud: bool = True) -> None:
    """What a view shows now. It is announced where it has the focus and says something else than before."""
    if said == view.accessibleDescription():
        return
    view.setAccessibleDescription(said)  # Qt passes the change on itself
    if aloud and said and view.hasFocus():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(view, said))
