"""A small real library for tests of the panes, made in a moment, and the ways a person touches a pane."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

import numpy as np
import soundfile
from PIL import Image, ImageDraw
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.pane import Pane
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.studio import Studio
from support.qt import settle

COLOURS = [(190, 60, 60), (60, 120, 190), (70, 150, 90), (220, 170, 60), (120, 80, 160), (40, 150, 160)]
SHAPES = ("mug", "scarf", "bottle")


def make_store_files(folder: Path, items: int = 6) -> Path:
    """Draw ``items`` products with two pictures each, one loop, and a catalogue; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["sku,title,description,price,currency,category,material,images"]
    for i in range(items):
        names = []
        for view in range(2):
            picture = Image.new("RGB", (160, 160), (244, 242, 238))
            pen = ImageDraw.Draw(picture)
            box = (30 + 8 * view, 30, 130, 130 - 8 * view)
            (pen.ellipse, pen.rectangle)[i % 2](box, fill=COLOURS[i % len(COLOURS)])
            pen.line((box[0], 80, box[2], 80), fill=(255, 255, 255), width=6 + i)
            name = f"product-{i}-{view}.png"
            picture.save(folder / name)
            names.append(name)
        shape = SHAPES[i % len(SHAPES)]
        text = f"A {shape} made of cotton for every day. It is easy to wash."
        lines.append(
            f"SKU-{i},{shape.title()} number {i},{text},{10 + i}.50,EUR,{shape},cotton,{'|'.join(names)}"
        )
    rate = 22_050
    t = np.arange(rate * 4) / rate
    loop = 0.2 * np.sin(2 * np.pi * 220 * t) * (1 + np.sin(2 * np.pi * 2 * t)) / 2
    soundfile.write(folder / "loop.wav", loop.astype(np.float32), rate)
    catalogue = folder / "catalogue.csv"
    catalogue.write_text("\n".join(lines) + "\n", encoding="utf-8")
    reviews = ["sku,author,rating,title,text"]
    praise = "It does what it should and looks good on the table."
    reviews += [f"SKU-{i},Kim,{3 + i % 3},Fine,{praise}" for i in range(4)]
    (folder / "reviews.csv").write_text("\n".join(reviews) + "\n", encoding="utf-8")
    links = "sku,linked,kind\nSKU-0,SKU-1,related\nSKU-1,SKU-2,upsell\n"
    (folder / "related.csv").write_text(links, encoding="utf-8")
    return catalogue


def make_store(base: Path, items: int = 6) -> Path:
    """A library with the shop imported and two audiences; returns the library's path, closed.

    It is imported once by every process that runs tests; the others are copies of that one.
    """
    pattern = _pattern(items)
    shutil.copytree(pattern / "files", base / "files")
    path = shutil.copytree(pattern / "Shop.mmlib", base / "Shop.mmlib")
    with closing(sqlite3.connect(path / "library.db")) as connection, connection:
        moved = connection.execute(
            "UPDATE root SET path = ? WHERE path = ?", (str(base / "files"), str(pattern / "files"))
        )
        assert moved.rowcount == 1
    return path


@cache
def _pattern(items: int) -> Path:
    base = Path(mkdtemp(prefix="mmstudio-store-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    catalogue = make_store_files(base / "files", items)
    with Library.create(base / "Shop.mmlib") as library:
        run_inline(
            import_work(
                library,
                [catalogue.parent],
                catalog=catalogue,
                reviews=catalogue.parent / "reviews.csv",
                links=catalogue.parent / "related.csv",
            )
        )
        ids = library.items.ids()
        library.audiences.add("City people", brief="They like mugs and cotton", liked=ids[:2])
        library.audiences.add(
            "安静的家", brief="喜欢安静的家", locale="zh-CN", liked=ids[2:4], disliked=ids[4:5]
        )
    return base


def open_store(context: AppContext, base: Path, items: int = 6) -> Library:
    """Make the shop and open it in a context."""
    context.adopt(Studio.open(make_store(base, items)))
    settle(context)
    return context.library


P = TypeVar("P", bound=Pane)


def show_pane(kind: type[P], context: AppContext, qtbot: QtBot, size: tuple[int, int] = (1000, 700)) -> P:
    """A shown pane that hears of changes as the window's panes do."""
    pane = kind(context)
    context.changed.connect(pane.data_changed)
    context.library_opened.connect(pane.library_changed)
    context.library_closed.connect(pane.library_changed)
    qtbot.addWidget(pane, before_close_func=lambda widget: widget.close_pane())
    for part in (pane.header(), pane.inspector()):
        if part is not None:
            qtbot.addWidget(part)
            part.show()
    pane.resize(*size)
    pane.show()
    settle(context)
    return pane


def click(qtbot: QtBot, widget: QWidget) -> None:
    """Press a widget with the mouse, as a person does; it must be visible and enabled."""
    assert widget.isVisible(), f"{widget.accessibleName() or widget} is not shown"
    assert widget.isEnabled(), f"{widget.accessibleName() or widget} is not enabled"
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def click_row(qtbot: QtBot, view: QAbstractItemView, row: int, column: int = 0) -> None:
    """Press a row of a list."""
    index = view.model().index(row, column)
    view.scrollTo(index)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())


def names_missing(pane: QWidget) -> list[str]:
    """Controls of a pane that a screen reader could not name."""
    controls = (
        QAbstractButton,
        QLineEdit,
        QComboBox,
        QAbstractSpinBox,
        QSlider,
        QAbstractItemView,
        QPlainTextEdit,
    )
    missing = []
    for control in pane.findChildren(QWidget):
        inside = control.objectName().startswith("qt_") or isinstance(
            control.parentWidget(), QComboBox | QAbstractSpinBox | QAbstractItemView | QTabBar
        )
        if not isinstance(control, controls) or inside or not control.isVisibleTo(pane):
            continue
        spoken = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
        if not spoken:
            missing.append(f"{type(control).__name__} in {type(control.parentWidget()).__name__}")
    return missing
