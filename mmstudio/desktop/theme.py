"""Design tokens, light and dark, and the one stylesheet made from them.

A 4-pixel grid, text sizes 12/13/15/20, 6-pixel corners, three neutral surfaces, one accent. Every text role
keeps a contrast of at least 4.5:1 on every surface it is used on (a test measures it).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Template
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from mmstudio.paths import resource

Choice = Literal["system", "light", "dark"]

UNIT = 4  # pixels of the grid
RADIUS = 6
SMALL, BODY, HEADING, TITLE = 12, 13, 15, 20  # text sizes in pixels at 100 %
MOTION_MS = 120
_CHINESE = ("PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC", "Source Han Sans SC")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours by meaning."""

    name: str
    window: str  # the frame: rail, bars
    surface: str  # where media and tables lie
    raised: str  # fields, cards, hover
    pressed: str
    border: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    selection: str  # behind selected rows; text stays readable on it
    focus: str
    success: str
    warning: str
    danger: str
    skeleton: str
    overlay: str  # badges over pictures
    on_overlay: str
    checker_a: str
    checker_b: str


LIGHT = Tokens(
    name="light", window="#f3f4f6", surface="#fbfbfc", raised="#ffffff", pressed="#e4e7eb", border="#d5d9df",
    text="#1c2126", muted="#59616b", disabled="#9aa1aa", accent="#2f5fd0", accent_hover="#264fb0",
    on_accent="#ffffff", selection="#dbe5fb", focus="#2f5fd0", success="#1b7346", warning="#855600",
    danger="#b3261e", skeleton="#e7e9ed", overlay="#c814181d", on_overlay="#ffffff",
    checker_a="#ffffff", checker_b="#e6e8eb",
)  # fmt: skip
DARK = Tokens(
    name="dark", window="#17191c", surface="#1c1f23", raised="#262a2f", pressed="#30353b", border="#363c43",
    text="#e6e8eb", muted="#a3abb5", disabled="#68707a", accent="#8aaaff", accent_hover="#a3bcff",
    on_accent="#10141c", selection="#2c3d66", focus="#8aaaff", success="#6fcf9c", warning="#e8b962",
    danger="#f58f86", skeleton="#282c31", overlay="#c814181d", on_overlay="#ffffff",
    checker_a="#2a2e33", checker_b="#22262a",
)  # fmt: skip

# Groups in a plot, told apart by colour-blind people too where a shape goes with each.
_GROUPS_LIGHT = ("#2f5fd0", "#b3541e", "#1b7346", "#8a2f8f", "#0f7c8a", "#a3195b", "#6b5b00", "#4a4f57")
_GROUPS_DARK = ("#8aaaff", "#f0a070", "#6fcf9c", "#d79be0", "#6fcbd8", "#f58fb8", "#e0cf60", "#c3c9d1")

_current = LIGHT
_STYLED = "mmstudio-styled"  # a property of the application


def group_colors() -> tuple[str, ...]:
    """Eight colours for groups in a plot."""
    return _GROUPS_DARK if _current is DARK else _GROUPS_LIGHT


def tokens() -> Tokens:
    """The tokens in use."""
    return _current


def color(role: str) -> QColor:
    """Colour of a role of :class:`Tokens`; ``overlay`` carries alpha."""
    return QColor(getattr(_current, role))


def contrast(a: str, b: str) -> float:
    """WCAG 2.1 contrast ratio (1 to 21) of two opaque colours."""

    def luminance(name: str) -> float:
        c = QColor(name)
        rgb = (c.redF(), c.greenF(), c.blueF())
        r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb)
        return float(0.2126 * r + 0.7152 * g + 0.0722 * b)

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


class Theme(QObject):
    """Puts a theme on the application and follows the system where the person chose so."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: Choice = "system") -> None:
        super().__init__(app)
        self._app, self._choice = app, choice
        if app.property(_STYLED) is None:  # another style polishes every widget there is, the same one too
            app.setStyle(QStyleFactory.create("Fusion"))
            app.setProperty(_STYLED, True)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    def set_choice(self, choice: Choice) -> None:
        """Switch at once."""
        self._choice = choice
        self._apply()

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        global _current
        system_dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        _current = DARK if self._choice == "dark" or (self._choice == "system" and system_dark) else LIGHT
        sheet = stylesheet(_current)
        if sheet == self._app.styleSheet():
            return  # polishing every widget again costs a second in a full window
        font = QFont(self._app.font())
        font.setPixelSize(BODY)
        # Named, since a fallback of the font system's own choice may come in another weight.
        font.setFamilies([QFontInfo(font).family(), *_CHINESE])
        self._app.setFont(font)
        self._app.setPalette(palette(_current))
        self._app.setStyleSheet(sheet)
        self.changed.emit()


def palette(t: Tokens) -> QPalette:
    """The Qt palette of the tokens."""
    p = QPalette()
    role = QPalette.ColorRole
    for key, value in {
        role.Window: t.window, role.WindowText: t.text, role.Base: t.surface, role.AlternateBase: t.raised,
        role.Text: t.text, role.Button: t.raised, role.ButtonText: t.text, role.BrightText: t.danger,
        role.Highlight: t.selection, role.HighlightedText: t.text, role.Link: t.accent,
        role.LinkVisited: t.accent, role.ToolTipBase: t.raised, role.ToolTipText: t.text,
        role.PlaceholderText: t.muted, role.Light: t.raised, role.Midlight: t.pressed, role.Mid: t.border,
        role.Dark: t.border, role.Shadow: t.border, role.Accent: t.accent,
    }.items():  # fmt: skip
        p.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        p.setColor(QPalette.ColorGroup.Disabled, key, QColor(t.disabled))
    return p


def stylesheet(t: Tokens) -> str:
    """The stylesheet of the tokens (resources/styles/studio.qss with its ``$role`` fields filled)."""
    values = {f.name: getattr(t, f.name) for f in fields(t)}
    values["icons"] = resource("icons", t.name).as_posix()
    return Template(resource("styles", "studio.qss").read_text(encoding="utf-8")).substitute(values)
