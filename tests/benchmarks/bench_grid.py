"""The media grid against the plain way with Qt, in the same run.

    python tests/benchmarks/bench_grid.py [--assets 10000] [--steps 120]

A library of ASSETS pictures is made (a few hundred files, rows that share them); the grid is opened,
scrolled half a page at a time with thumbnails loading, jumped about, selected whole. The reference is a
QListView over a QStandardItemModel whose items carry ready icons: what a person would write first.
Milliseconds are the GUI thread's own time, so that other programs do not count (median, 99th percentile,
worst); the ratio is to the reference, above 1 the studio is the faster one.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QListView

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.asset_model import AssetModel
from mmstudio.desktop.views.asset_grid import AssetGrid
from mmstudio.library import AssetFilter, NewAsset
from mmstudio.media.thumbnail import make_thumbnail
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.media import make_image
from support.qt import settle

FILES = 240
SIZE = QSize(1440, 900)


def make_library(folder: Path, count: int) -> Studio:
    """A library of ``count`` pictures whose thumbnails lie in the cache."""
    studio = Studio.create(folder / "Bench.mmlib")
    library = studio.library
    media = folder / "media"
    root = library.roots.add(media) if media.mkdir() is None else None
    assert root is not None
    hashes = []
    for n in range(FILES):
        path = make_image(media / f"{n}.png", (320, 240), seed=n)
        sha = f"{n:064x}"
        thumbnail = library.assets.thumbnail_path(sha)
        thumbnail.parent.mkdir(parents=True, exist_ok=True)
        make_thumbnail(path, "image").save(thumbnail, "WEBP")
        hashes.append(sha)
    row = NewAsset("image", root.id, "", "", 1000, 0, width=320, height=240)
    library.assets.add_many(
        replace(row, rel_path=f"{n % FILES}.png#{n}", sha256=hashes[n % FILES], title=f"Picture {n}")
        for n in range(count)
    )
    return studio


def timed(step: Callable[[], None]) -> float:
    """Milliseconds the GUI thread spends on one call and the painting it causes."""
    start = time.thread_time()
    step()
    QApplication.processEvents()
    return (time.thread_time() - start) * 1000


def scrolled(view: QListView, steps: int, between: Callable[[], None]) -> list[float]:
    """Milliseconds of each page scrolled, repainted whole."""
    bar = view.verticalScrollBar()
    times = []
    for _step in range(steps):

        def one() -> None:
            bar.setValue(bar.value() + bar.pageStep() // 2)
            view.viewport().repaint()

        times.append(timed(one))
        between()
    return times


def tell(name: str, times: list[float], reference: float | None = None) -> None:
    """One line of figures."""
    ordered = sorted(times)
    ratio = f"  ratio {reference / statistics.median(times):6.1f}" if reference else ""
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    middle = statistics.median(times)
    print(f"{name:34} median {middle:8.2f} ms  p99 {p99:8.2f}  worst {ordered[-1]:8.2f}{ratio}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=120)
    options = parser.parse_args()
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        studio = make_library(Path(folder), options.assets)
        context = AppContext(Settings(language="en", theme="light"))
        context.adopt(studio)
        settle(context)
        print(f"{options.assets:,} assets, {SIZE.width()} × {SIZE.height()}")

        model = AssetModel(context)
        grid = AssetGrid(context, model)
        grid.resize(SIZE)
        start = time.perf_counter()
        ids = studio.library.assets.ids(AssetFilter())
        asked = (time.perf_counter() - start) * 1000

        def show() -> None:
            model.set_ids(ids)
            grid.show()

        opened = timed(show)
        settle(context)

        plain_open, plain_view = plain(options.assets)
        plain_scroll = statistics.median(scrolled(plain_view, options.steps, app.processEvents))
        tell("open: the query (in a worker)", [asked])
        tell("open: plain QStandardItemModel", [plain_open])
        tell("open: the grid", [opened], plain_open)
        view = grid.focusProxy()
        assert isinstance(view, QListView)
        print(f"{'scroll: plain, icons ready':34} median {plain_scroll:8.2f} ms")
        tell(
            "scroll: first time, loading",
            scrolled(view, options.steps, app.processEvents),
            plain_scroll,
        )
        settle(context)
        grid.scroll_by(0.0)
        settle(context)
        tell("scroll: again", scrolled(view, options.steps, lambda: settle(context)), plain_scroll)
        tell("jump", [timed(lambda f=f: grid.scroll_by(f)) for f in (0.1, 0.9, 0.4, 0.7, 0.2)])
        tell("select all", [timed(grid.select_all)])
        tell("resize", [timed(lambda w=w: grid.resize(w, 900)) for w in (1200, 1000, 1400)])
        print(f"pixmaps kept {context.thumbnails.cached_bytes / 2**20:.0f} MiB")
        settle(context)
        grid.close()
        context.close()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def plain(count: int) -> tuple[float, QListView]:
    """Milliseconds to open the plain view, and the view."""
    pixmap = QPixmap(176, 132)
    pixmap.fill("#808080")
    view = QListView()
    view.setViewMode(QListView.ViewMode.IconMode)
    view.setResizeMode(QListView.ResizeMode.Adjust)
    view.setIconSize(QSize(176, 132))
    view.resize(SIZE)

    def show() -> None:
        model = QStandardItemModel(view)
        icon = QIcon(pixmap)
        for n in range(count):
            model.appendRow(QStandardItem(icon, f"Picture {n}"))
        view.setModel(model)
        view.show()

    return timed(show), view


if __name__ == "__main__":
    main()
