"""Colours can be read, icons exist, the stylesheet is whole."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QIcon
from pytestqt.qtbot import QtBot

import mmstudio.desktop
from mmstudio.desktop import icons, theme
from mmstudio.desktop.context import AppContext

PACKAGE = Path(mmstudio.desktop.__file__).parent
ON_EVERY_SURFACE = ("text", "muted", "accent", "success", "warning", "danger")


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=lambda t: t.name)
def test_text_has_contrast(tokens: theme.Tokens) -> None:
    for role in ON_EVERY_SURFACE:
        for surface in ("window", "surface", "raised"):
            assert theme.contrast(getattr(tokens, role), getattr(tokens, surface)) >= 4.5, (role, surface)
    assert theme.contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert theme.contrast(tokens.on_accent, tokens.accent_hover) >= 4.5
    for role in ("text", "muted", "accent"):
        assert theme.contrast(getattr(tokens, role), tokens.selection) >= 4.5, role
    assert theme.contrast(tokens.text, tokens.pressed) >= 4.5


def test_contrast_matches_the_standard() -> None:
    assert theme.contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=lambda t: t.name)
def test_the_stylesheet_has_every_field_filled_and_its_pictures(tokens: theme.Tokens) -> None:
    sheet = theme.stylesheet(tokens)
    assert "$" not in sheet
    pictures = re.findall(r"url\(([^)]+)\)", sheet)
    assert pictures
    assert all(Path(picture).is_file() for picture in pictures)


def test_every_icon_that_is_named_exists(qtbot: QtBot) -> None:
    given = r'\b(?:icon|tool|make_icon)\(\s*"([a-z0-9-]+)"'
    kept = r'icon(?:: \w+(?:\[\w+\])?)? ?= ?"([a-z0-9-]+)"'
    calls = re.compile(f"{given}|{kept}")
    known = icons.names()
    missing = []
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name == "icons.py":
            continue
        for found in calls.finditer(file.read_text(encoding="utf-8")):
            name = found.group(1) or found.group(2)
            if name not in known:
                missing.append(f"{file.name}: {name}")
    assert missing == []


def test_the_theme_changes_live(context: AppContext) -> None:
    assert theme.tokens() is theme.LIGHT
    pixels = icons.icon("play").pixmap(32, 32).toImage()
    context.change_setting("theme", "dark")
    assert theme.tokens() is theme.DARK
    assert icons.icon("play").pixmap(32, 32).toImage() != pixels
    context.change_setting("theme", "light")


def test_a_copied_icon_lives_on_its_own(qtbot: QtBot) -> None:
    for _n in range(200):
        copy = QIcon(icons.icon("play"))
        copy.setIsMask(True)  # makes Qt clone the engine
        gc.collect(0)
        assert not copy.pixmap(16, 16).isNull()


def test_an_icon_is_painted(qtbot: QtBot) -> None:
    image = icons.icon("trash", "danger").pixmap(48, 48).toImage()
    painted = {
        image.pixelColor(x, y).name()
        for x in range(48)
        for y in range(48)
        if image.pixelColor(x, y).alpha() > 250
    }
    assert theme.tokens().danger in painted
