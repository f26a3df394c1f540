"""Contact sheets of every pane: light and dark, English and Chinese, two sizes, and the states.

Run from the project's folder::

    python tests/e2e/screenshots.py [--library LIB] [--out docs/screenshots] [PANE ...]

Without ``--library`` the demo is walked in a temporary folder first, and the page of recommendations that it
exports is kept beside the sheets. No screen is needed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia*=false;qt.qpa.fonts*=false;qt.text.font.db=false")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PySide6.QtCore import QEventLoop, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

SIZES = ((1440, 900), (1024, 700))
LOOKS = (("light", "en"), ("dark", "en"), ("light", "zh_CN"), ("dark", "zh_CN"))
_TILE = 720  # pixels of a window in a sheet
_GAP = 12


def turn(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def until(done: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Let the window live until ``done()``; False where it took too long."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        turn(0.05)
    return True


def settle(context: Any) -> None:
    """Wait until nothing is under way: background work, jobs, thumbnails."""

    def still() -> bool:
        return context.idle and (context.studio is None or not context.studio.runner.active())

    until(still)
    turn(0.35)
    until(still)


def make_library(folder: Path, out: Path) -> Path:
    """The library of `mmstudio demo`; the page that it exports is kept beside the sheets."""
    from mmstudio.demo.walk import run_demo

    report = run_demo(folder / "demo")
    shutil.copyfile(report.page, out / report.page.name)
    return report.library


# --- what a pane shows --------------------------------------------------------------------------------------


def show_library(window: Any) -> None:
    window.context.navigate("library")
    settle(window.context)
    pane = window.panes["library"]
    if pane.model.ids:
        window.context.navigate("library", select=[pane.model.ids[0]])


def show_items(window: Any) -> None:
    window.context.navigate("items")


def show_audiences(window: Any) -> None:
    window.context.navigate("audiences")


def show_models(window: Any) -> None:
    window.context.navigate("models")


def show_create(window: Any) -> None:
    window.context.navigate("create")
    settle(window.context)
    pane = window.panes["create"]
    if pane.controls.generate_button.isEnabled() and not pane.results.rows:
        pane.controls.seed.value.setValue(7)
        pane.generate()
        until(lambda: all(r.image is not None or r.error for r in pane.results.rows), 60)


def show_preview(window: Any) -> None:
    window.context.navigate("preview")
    settle(window.context)
    pane = window.panes["preview"]
    library = window.context.library
    if pane._facts is None and library.items.count():
        audience = next((a.id for a in library.audiences.list()), None)
        window.context.navigate("preview", item=library.items.ids()[0], audience=audience)
        settle(window.context)
    until(lambda: pane._facts is None or not pane.stage.canvas.image.isNull(), 20)
    pane.stage.player.seek(1.6)


def show_review(window: Any) -> None:
    show_preview(window)
    settle(window.context)
    pane, library = window.panes["preview"], window.context.library
    board = pane._facts.board.id
    if not library.remarks.of(board):
        library.remarks.add(board, "A. B.", "The mark is too small here.", 1.2, 0.7, 0.2)
        library.remarks.add(board, "C. D.", "Warmer colours, please.", 3.0)
        library.storyboards.approve(board, "A. B.", "changes", "Nearly there")
    pane.review.read_again(board)
    pane.review.side.tabs.setCurrentIndex(1)
    settle(window.context)


def show_story(window: Any) -> None:
    show_preview(window)
    settle(window.context)
    window.panes["preview"].stage.mockups.places["story"].trigger()
    settle(window.context)


def show_beside(window: Any) -> None:
    show_preview(window)
    settle(window.context)
    pane, library = window.panes["preview"], window.context.library
    pane.stage.mockups.places["plain"].trigger()
    rows = library.storyboards.list()
    if len(rows) == 1:
        library.storyboards.save(
            rows[0].name, rows[0].recipe, rows[0].item_id, rows[0].audience_id, rows[0].data
        )
        settle(window.context)
    window.context.navigate("preview", beside=[row.id for row in library.storyboards.list()][:3])
    settle(window.context)


def show_exports(window: Any) -> None:
    window.context.navigate("exports")
    settle(window.context)
    pane = window.panes["exports"]
    if pane.matrix.lines and not pane.matrix.wanted():
        pane.add_recommended(window.context.library.audiences.list()[0].id)


def show_exports_many(window: Any) -> None:
    window.context.navigate("exports", many=True)
    settle(window.context)
    many = window.panes["exports"].many
    if not many.table.lines:
        many.set_items(list(window.context.library.items.ids())[:12])
        settle(window.context)


def show_jobs(window: Any) -> None:
    window.context.navigate("jobs")


def show_preferences(window: Any) -> None:
    window.context.navigate("preferences")


PANES: dict[str, Callable[[Any], None]] = {
    "library": show_library,
    "items": show_items,
    "audiences": show_audiences,
    "models": show_models,
    "create": show_create,
    "preview": show_preview,
    "exports": show_exports,
    "jobs": show_jobs,
    "preferences": show_preferences,
}


def show_form(window: Any) -> None:
    window.context.navigate("models", train=True)


def show_about_audience(window: Any) -> None:
    window.context.navigate("audiences")
    settle(window.context)
    window.panes["audiences"].tabs.setCurrentIndex(1)


def show_try(window: Any) -> None:
    window.context.navigate("audiences")
    settle(window.context)
    pane = window.panes["audiences"]
    pane.tabs.setCurrentIndex(0)
    chips = list(pane.view.chips.chips.values())
    if chips:
        chips[0].click()
    pane.view.why_not(window.context.library.items.ids()[-1])


def show_segments(window: Any) -> None:
    window.context.navigate("segments")


def show_brand(window: Any) -> None:
    """The first kit, or one made now, and what the check finds."""
    window.context.navigate("brand")
    settle(window.context)
    pane = window.panes["brand"]
    if pane.kit is None:
        pane.new()
    until(lambda: not pane.canvas.image.isNull())
    settle(window.context)


def show_editor(window: Any) -> None:
    """The newest storyboard with its first picture in hand."""
    window.context.navigate("editor")
    until(lambda: "editor" in window.panes)
    pane = window.panes["editor"]
    until(lambda: pane.model.board is not None and not pane.canvas.image.isNull())
    names = [layer.name for layer in pane.model.scene_now.layers if hasattr(layer, "asset_id")]
    pane.model.choose(names[-1:])
    turn(0.5)
    settle(window.context)
    until(lambda: not pane.frames.busy)


def show_two(window: Any) -> None:
    window.context.navigate("two")


def show_measure(window: Any) -> None:
    window.context.navigate("measure")
    settle(window.context)
    pane = window.panes["measure"]
    if not pane.model.rowCount():
        pane.form.seeds.setValue(1)
        pane.measure()
        until(lambda: pane._watch is None, 120)


def show_variants(window: Any) -> None:
    window.context.navigate("variants")
    settle(window.context)
    pane = window.panes["variants"]
    if not pane.model.rowCount():
        pane.gather()


def show_backgrounds(window: Any) -> None:
    window.context.navigate("create", item=window.context.library.items.ids()[3])
    settle(window.context)
    pane = window.panes["create"]
    pane.make_backgrounds()
    until(lambda: all(r.image is not None or r.error for r in pane.results.rows), 60)


def show_finished(window: Any) -> None:
    show_preview(window)
    settle(window.context)
    context = window.context
    preview = window.panes["preview"]
    if not context.library.exports.list() and preview._facts is not None:
        _export(window, str(Path(context.library.path).parent / "exports"))
    context.navigate("exports", finished=True)


def _export(window: Any, folder: str) -> None:
    channels = ["square-card", "tall-card", "wide-card", "square-video", "sound"]
    window.panes["preview"].export(channels, folder)
    settle(window.context)
    until(lambda: not window.context.studio.runner.active())
    window.context.navigate("exports", finished=True)
    settle(window.context)


def show_no_item(window: Any) -> None:
    window.context.navigate("items")
    settle(window.context)
    window.panes["items"].search.setText("zzzz")
    turn(0.4)


def show_doctor(window: Any) -> None:
    window.context.navigate("doctor")
    settle(window.context)


def show_map(window: Any) -> None:
    window.context.navigate("map")
    settle(window.context)
    plot = window.panes["map"].plot
    if len(plot.ids):
        plot.lasso(np.array([(-0.4, -0.4), (0.3, -0.4), (0.3, 0.3), (-0.4, 0.3)]))


def show_inside(window: Any) -> None:
    from mmstudio.library import AssetFilter

    library = window.context.library
    pictures = library.assets.ids(AssetFilter(kinds=("image",)))
    tags = library.assets.tags_of(pictures[:1])[pictures[0]] if pictures else []
    if pictures:
        window.context.navigate("inside", asset=pictures[0], tag=next(iter(tags), None))


def show_augment(window: Any) -> None:
    from mmstudio.library import AssetFilter

    pictures = window.context.library.assets.ids(AssetFilter(kinds=("image",)))
    window.context.select_assets(pictures[:1])
    window.context.navigate("augment")
    settle(window.context)


def show_teach(window: Any) -> None:
    from mmstudio.library import AssetFilter

    pictures = window.context.library.assets.ids(AssetFilter(kinds=("image",)))
    window.context.select_assets(pictures[:4])
    window.context.navigate("teach")
    settle(window.context)


def show_play(window: Any) -> None:
    window.context.navigate("play", model="starter-image-gan")
    pane = window.panes["play"]
    until(lambda: pane.link.info is not None, 60)
    settle(window.context)
    if not pane.desk.sliders.rows:
        pane.moves.find_sliders()
        until(lambda: bool(pane.desk.sliders.rows), 120)
    for seed in (12, 31, 44):
        pane.desk.controls.seed.setValue(seed)
        settle(window.context)
    pane.between.keep_as("a")


def show_catalogue(window: Any) -> None:
    window.context.navigate("catalogue")
    settle(window.context)


def show_found(window: Any) -> None:
    window.context.navigate("library", query="warm light kind:image")
    settle(window.context)


def show_how(window: Any) -> None:
    window.context.navigate("models", train=True)
    settle(window.context)
    window.panes["models"].form.show_step(1)


def show_compare(window: Any) -> None:
    window.context.navigate("compare")
    settle(window.context)


def show_tuning(window: Any) -> None:
    window.context.navigate("tuning")
    settle(window.context)


def show_sets(window: Any) -> None:
    window.context.navigate("sets", item=window.context.library.items.ids()[0])
    settle(window.context)
    pane = window.panes["sets"]
    if pane.history.current is None:
        pane.make()
        until(lambda: not pane.maker.busy, 240)
        pane.vary()
        until(lambda: not pane.maker.busy, 240)
    settle(window.context)


def show_sets_empty(window: Any) -> None:
    window.context.navigate("sets")
    pane = window.panes["sets"]
    pane.history.clear()
    pane.strip.hide()
    settle(window.context)


def show_write(window: Any) -> None:
    window.context.navigate("write", item=window.context.library.items.ids()[0], task="description")
    settle(window.context)
    pane = window.panes["write"]
    if not pane.cards:
        pane.write()
        until(lambda: not pane.writing.busy and bool(pane.cards), 60)
    settle(window.context)


def show_compliance(window: Any) -> None:
    library = window.context.library
    boards = library.storyboards.list()
    number = boards[0].id if boards else None
    if boards and library.items.ids():
        pictures = [a.asset_id for a in library.items.assets_of(boards[0].item_id or library.items.ids()[0])]
        library.asset_rights.set(pictures[:1], markets=["DE"], owner="A studio", licence="A contract")
    window.context.navigate("compliance", storyboard=number, market="US")
    settle(window.context)


def show_verify(window: Any) -> None:
    files = [row.path for row in window.context.library.exports.list() if Path(row.path).is_file()]
    window.context.navigate("verify", files=files[:6])
    settle(window.context)


MORE: dict[str, Callable[[Any], None]] = {
    "brand": show_brand,
    "compliance": show_compliance,
    "verify": show_verify,
    "sets": show_sets,
    "sets-empty": show_sets_empty,
    "write": show_write,
    "library-found": show_found,
    "doctor": show_doctor,
    "map": show_map,
    "inside": show_inside,
    "augment": show_augment,
    "teach": show_teach,
    "catalogue": show_catalogue,
    "play": show_play,
    "models-train": show_form,
    "models-how": show_how,
    "compare": show_compare,
    "tuning": show_tuning,
    "audiences-about": show_about_audience,
    "audiences-try": show_try,
    "editor": show_editor,
    "two": show_two,
    "segments": show_segments,
    "exports-many": show_exports_many,
    "measure": show_measure,
    "variants": show_variants,
    "create-backgrounds": show_backgrounds,
    "preview-review": show_review,
    "preview-story": show_story,
    "preview-beside": show_beside,
    "exports-finished": show_finished,
    "items-filtered": show_no_item,
}


# --- sheets -------------------------------------------------------------------------------------------------


def look(window: Any, theme: str, language: str, size: tuple[int, int]) -> None:
    """Dress the window."""
    window.context.change_setting("theme", theme)
    window.context.change_setting("language", language)
    window.resize(*size)
    settle(window.context)


def sheet(pictures: list[QImage], columns: int) -> QImage:
    """Pictures side by side, each ``_TILE`` pixels wide."""
    small = [p.scaledToWidth(_TILE, Qt.TransformationMode.SmoothTransformation) for p in pictures]
    rows = [small[i : i + columns] for i in range(0, len(small), columns)]
    heights = [max(p.height() for p in line) for line in rows]
    width = columns * _TILE + (columns + 1) * _GAP
    whole = QImage(width, sum(heights) + (len(rows) + 1) * _GAP, QImage.Format.Format_RGB32)
    whole.fill(QColor("#808890"))
    painter = QPainter(whole)
    y = _GAP
    for line, height in zip(rows, heights, strict=True):
        for place, picture in enumerate(line):
            x = _GAP + place * (_TILE + _GAP)
            painter.drawImage(QRect(x, y, picture.width(), picture.height()), picture)
        y += height + _GAP
    painter.end()
    return whole


def shoot(window: Any, show: Callable[[Any], None]) -> list[QImage]:
    """One picture per look and size."""
    pictures = []
    show(window)
    settle(window.context)
    for size in SIZES:
        for theme, language in LOOKS:
            look(window, theme, language, size)
            pictures.append(window.grab().toImage())
    return pictures


def main() -> int:
    """Make the sheets that were asked for, all of them by default."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("panes", nargs="*", metavar="PANE")
    parser.add_argument("--library", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    arguments = parser.parse_args()
    known = {**PANES, **MORE}
    wanted = arguments.panes or [*known, "empty"]
    with tempfile.TemporaryDirectory(prefix="mmstudio-screens-") as temporary:
        home = Path(temporary)
        os.environ["MMSTUDIO_HOME"] = str(home / "home")
        app = QApplication.instance() or QApplication([])
        arguments.out.mkdir(parents=True, exist_ok=True)
        window = open_window(arguments.library or make_library(home, arguments.out))
        for key in wanted:
            if key in known:
                save(sheet(shoot(window, known[key]), 4), arguments.out / f"{key}.jpg")
        if "empty" in wanted:
            close_window(window)
            window = open_window(make_empty(home))
            pictures = []
            for key in PANES:
                window.context.navigate(key)
                look(window, "light", "en", SIZES[1])
                pictures.append(window.grab().toImage())
            save(sheet(pictures, 3), arguments.out / "empty.jpg")
        close_window(window)
        app.processEvents()
    return 0


def make_empty(home: Path) -> Path:
    """A library with nothing in it."""
    from mmstudio.library import Library

    path = home / "Empty.mmlib"
    Library.create(path).close()
    return path


def open_window(path: Path) -> Any:
    """The real window on a library."""
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.window import MainWindow
    from mmstudio.studio import Studio

    context = AppContext()
    window = MainWindow(context)
    window.resize(*SIZES[0])
    window.show()
    context.adopt(Studio.open(path))
    settle(context)
    return window


def close_window(window: Any) -> None:
    """Close it with its library."""
    window.close()
    until(lambda: window.context.studio is None, 10)
    window.close()
    window.context.close()


def save(picture: QImage, path: Path) -> None:
    """Write a sheet and say so."""
    picture.save(str(path), "JPG", 88)  # type: ignore[call-overload]
    print(path)


if __name__ == "__main__":
    sys.exit(main())
