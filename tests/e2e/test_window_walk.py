"""The whole way in the window, by clicking: import a folder, train, generate, preview, export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.create import CreatePane
from mmstudio.desktop.panes.exports import ExportsPane
from mmstudio.desktop.panes.items import ItemsPane
from mmstudio.desktop.panes.library import LibraryPane
from mmstudio.desktop.panes.models import ModelsPane
from mmstudio.desktop.panes.preview import PreviewPane
from mmstudio.desktop.window import MainWindow
from mmstudio.library import AssetFilter
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, click_row, make_store_files

pytestmark = [
    pytest.mark.slow,
    pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True),
]


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    context = AppContext(Settings(language="en", theme="light", reduce_motion=True))
    made = MainWindow(context)
    made.resize(1280, 800)
    made.show()
    context.adopt(Studio.create(tmp_path / "Walk.mmlib"))
    settle(context)
    yield made
    made.close()
    wait_until(lambda: not made.isVisible())
    context.close()
    made.deleteLater()


def go(window: MainWindow, qtbot: QtBot, key: str) -> object:
    """Press a pane's button in the rail."""
    click(qtbot, window.rail._buttons[key])
    settle(window.context)
    assert window.current == key
    return window.panes[key]


def test_from_a_folder_to_exported_files(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = window.context
    catalogue = make_store_files(tmp_path / "shop", items=4)

    # A catalogue comes in, its folder with it.
    items = go(window, qtbot, "items")
    assert isinstance(items, ItemsPane)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_more: (str(catalogue), ""))
    click(qtbot, items.states.message.button)
    library = context.library
    wait_until(lambda: library.items.count() == 4 and not _busy(context))
    library_pane = go(window, qtbot, "library")
    assert isinstance(library_pane, LibraryPane)
    wait_until(lambda: len(library_pane.model.ids) == library.assets.count(AssetFilter()))

    # Two training steps.
    models = go(window, qtbot, "models")
    assert isinstance(models, ModelsPane)
    click(qtbot, models.train_button)
    wait_until(lambda: models.right.currentWidget() is models.form)
    models.form.base.setCurrentIndex(0)
    models.form.size_box.setCurrentIndex(0)
    models.form.steps.setValue(2)
    models.form.name_field.setText("walk")
    click(qtbot, models.form.start_button)
    wait_until(lambda: models.card.title.text() == "walk" and not _busy(context))
    assert models.card.use_button.isEnabled()

    # One generated picture, kept.
    models._select("starter-image-vae")
    wait_until(lambda: models.card.title.text() == "starter-image-vae")
    click(qtbot, models.card.use_button)
    create = window.panes["create"]
    assert isinstance(create, CreatePane)
    wait_until(lambda: create.controls.model_box.currentData() == "starter-image-vae")
    create.controls.how_many.setValue(1)
    click(qtbot, create.controls.generate_button)
    wait_until(lambda: bool(create.results.rows) and create.results.rows[0].image is not None)
    settle(context)
    click(qtbot, create.save_button)
    wait_until(lambda: library.assets.count(AssetFilter(origin="generated")) == 1)

    # An item becomes an ad that plays.
    go(window, qtbot, "items")
    click_row(qtbot, items.list, 1)
    settle(context)
    click(qtbot, items.detail.ad_button)
    preview = window.panes["preview"]
    assert isinstance(preview, PreviewPane)
    wait_until(lambda: preview._facts is not None and not preview.stage.canvas.image.isNull())
    wait_until(lambda: preview.stage.player.position > 0.1)
    click(qtbot, preview.stage.play_button)

    # Two clicks, two files.
    preview._folder = str(tmp_path / "out")
    click(qtbot, preview.export_button)
    wait_until(lambda: preview.popup.isVisible())
    for name, box in preview.popup.boxes.items():
        box.setChecked(name in ("square-card", "sound"))
    click(qtbot, preview.popup.export_button)
    wait_until(lambda: len(library.exports.list()) == 2 and not _busy(context))
    exports = go(window, qtbot, "exports")
    assert isinstance(exports, ExportsPane)
    assert exports.finished.rowCount() == 2
    assert all(Path(row.path).is_file() for row in exports.finished.rows)


def _busy(context: AppContext) -> bool:
    return context.studio is not None and bool(context.studio.runner.active())
