"""Words on widgets that follow a live change of language.

``say(label, mark("Title"))`` sets the text now and whenever the language changes, so panes need not rebuild.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QWidget
from shiboken6 import isValid

from mmstudio.i18n import tr

W = TypeVar("W", bound=QObject)

_said: WeakKeyDictionary[QObject, dict[str, tuple[str, dict[str, Any]]]] = WeakKeyDictionary()


def say(target: W, template: str, setter: str = "setText", /, **values: Any) -> W:
    """Put ``tr(template, **values)`` on ``target`` through ``setter``, now and after a change of language.

    Args:
        target: a widget or action.
        template: an English literal, marked with :func:`mmstudio.i18n.mark` (or a name that was).
        setter: the method that takes the text, e.g. ``setPlaceholderText`` or ``setAccessibleName``.
    """
    _said.setdefault(target, {})[setter] = (template, values)
    getattr(target, setter)(tr(template, **values))
    return target


def unsay(target: QObject, setter: str = "setText") -> None:
    """Forget a text, before data (a file name, say) is put in its place."""
    _said.get(target, {}).pop(setter, None)


def source(target: QObject, setter: str = "setText") -> str:
    """The English words last said there, filled; empty where none were."""
    template, values = _said.get(target, {}).get(setter, ("", {}))
    return template.format(**values) if values else template


def retranslate() -> None:
    """Say everything again in the language in use."""
    for target, texts in list(_said.items()):
        if isValid(target):
            for setter, (template, values) in texts.items():
                getattr(target, setter)(tr(template, **values))


def name(widget: QWidget, accessible: str, tip: str = "") -> None:
    """Give a control its accessible name, and a tool tip (the name itself where none is given)."""
    say(widget, accessible, "setAccessibleName")
    say(widget, tip or accessible, "setToolTip")
    say(widget, tip or accessible, "setStatusTip")


def label(template: str = "", role: str = "", *, wrap: bool = False, **values: Any) -> QLabel:
    """A label in a text role of the stylesheet: title, heading, strong, muted, small, error, chip."""
    made = QLabel()
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    return say(made, template, **values) if template else made


def action(
    parent: QObject,
    template: str,
    slot: Callable[[], Any],
    *,
    shortcut: str = "",
    icon: str = "",
    tip: str = "",
    checkable: bool = False,
) -> QAction:
    """An action with text, status tip and shortcut, for menus, the palette and buttons alike.

    Args:
        parent: owns the action; a widget also gets it added, so that the shortcut works.
        template: marked English text.
        slot: called without arguments.
        shortcut: portable text such as ``Ctrl+E`` (Qt shows and maps it as the platform does).
        icon: a Phosphor name.
        tip: marked English sentence for the status bar; the text where empty.
        checkable: a toggle.
    """
    from mmstudio.desktop.icons import icon as make_icon

    made = QAction(parent)
    say(made, template)
    say(made, tip or template, "setStatusTip")
    made.setCheckable(checkable)
    if icon:
        made.setIcon(make_icon(icon))
    if shortcut:
        made.setShortcut(shortcut)
    made.triggered.connect(lambda _checked=False: slot())
    if isinstance(parent, QWidget):
        parent.addAction(made)
    return made
