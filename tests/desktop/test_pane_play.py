"""The Play page: points, sliders, locks, history, A and B, variations, walks, pictures put in, saving."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageSequence
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QLineEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.play import StepListModel, read_recipe
from mmstudio.desktop.panes.create import CreatePane
from mmstudio.desktop.panes.play import PlayPane
from mmstudio.desktop.window import MainWindow
from mmstudio.errors import UsageError
from mmstudio.generation.latents.point import Point
from mmstudio.jobs import JobEvent
from mmstudio.learning.conditions import Conditions
from mmstudio.learning.config import ModelConfig
from mmstudio.library import AssetFilter, Library
from mmstudio.studio import Studio
from support.learning import drive, make_trainer, tiny_config
from support.library import add_files
from support.media import make_image, make_wav
from support.qt import settle, wait_until
from support.storefront import click, click_row, names_missing, show_pane


def staged_config(name: str, **more: object) -> ModelConfig:
    """A tiny GAN with a latent per stage that can be told tags and a palette."""
    config = tiny_config("image-gan", name, steps=1)
    config.options["styles"] = 1.0
    for key, value in more.items():
        setattr(config, key, value)
    return config


def add_model(library: Library, config: ModelConfig, status: str = "ready") -> Path:
    """Train a model for a step, and enter it into the library."""
    folder = library.models_dir / config.name
    drive(make_trainer(folder, config))
    library.models.add(
        config.name, config.family, f"models/{config.name}", steps=1, metrics={}, status=status
    )
    return folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with two tiny models and two pictures, closed; each test gets a copy."""
    folder = tmp_path_factory.mktemp("shelf")
    with Library.create(folder / "Play.mmlib") as library:
        files = [make_image(folder / f"p{n}.png", (48, 48), seed=n) for n in range(2)]
        add_files(library, *files, make_wav(folder / "tone.wav", seconds=0.3))
        add_model(library, staged_config("aaa"))
        add_model(library, tiny_config("image-vae", "bbb", steps=1), "training")
    return folder / "Play.mmlib"


@pytest.fixture
def opened(context: AppContext, shelf: Path, tmp_path: Path) -> AppContext:
    """A context with a copy of the shelf open."""
    import shutil

    shutil.copytree(shelf, tmp_path / "Play.mmlib")
    context.adopt(Studio.open(tmp_path / "Play.mmlib"))
    settle(context)
    return context


@pytest.fixture
def pane(opened: AppContext, qtbot: QtBot) -> PlayPane:
    """The page with its first model loaded and a picture drawn."""
    made = show_pane(PlayPane, opened, qtbot)
    drawn(made)
    return made


def drawn(pane: PlayPane) -> QImage:
    """Wait until everything that was asked for is there."""
    wait_until(lambda: pane.link.info is not None and pane.time.current is not None)
    settle(pane.context)
    step = pane.time.current
    assert step is not None
    assert pane.link.idle
    assert step.thumb is not None
    assert not pane.desk.stage.image.isNull()
    return pane.desk.stage.image


def point(pane: PlayPane) -> Point:
    assert pane.time.current is not None
    return pane.time.current.point


def picture(pane: PlayPane) -> int:
    """A picture of the library."""
    return pane.context.library.assets.ids(AssetFilter(kinds=("image",)))[0]


def use_vae(pane: PlayPane) -> None:
    """A VAE puts pictures in at once; a GAN has to be looked at first."""
    pane.activated(model="bbb")
    wait_until(lambda: pane.link.info is not None and pane.link.info.name == "bbb")
    drawn(pane)


def frames_of(path: Path) -> list[Image.Image]:
    """The frames of a GIF."""
    with Image.open(path) as film:
        return [frame.copy() for frame in ImageSequence.Iterator(film)]


def press(qtbot: QtBot, pane: PlayPane, key: Qt.Key, ctrl: bool = False, shift: bool = False) -> None:
    """A key on the picture."""
    pane.desk.stage.setFocus()
    mods = Qt.KeyboardModifier.NoModifier
    mods |= Qt.KeyboardModifier.ControlModifier if ctrl else mods
    mods |= Qt.KeyboardModifier.ShiftModifier if shift else mods
    qtbot.keyClick(pane.desk.stage, key, mods)
    drawn(pane)


def test_it_opens_with_a_picture_and_names_for_everything(pane: PlayPane) -> None:
    assert pane.desk.controls.model == "aaa"
    assert [s.point.seed for s in pane.time.model.rows] == [7]
    assert names_missing(pane) == []
    assert pane.desk.stage.image.size().width() == 16


def test_rolling_changes_the_seed_and_can_be_undone(pane: PlayPane, qtbot: QtBot) -> None:
    first = drawn(pane)
    click(qtbot, pane.desk.controls.roll_button)
    second = drawn(pane)
    assert point(pane).seed != 7
    assert second != first
    press(qtbot, pane, Qt.Key.Key_Z, ctrl=True)
    assert point(pane).seed == 7
    assert drawn(pane) == first
    press(qtbot, pane, Qt.Key.Key_Z, ctrl=True, shift=True)
    assert drawn(pane) == second


def test_a_typed_seed_and_its_neighbours(pane: PlayPane, qtbot: QtBot) -> None:
    click(qtbot, pane.desk.controls.after)
    drawn(pane)
    assert point(pane).seed == 8
    click(qtbot, pane.desk.controls.before)
    drawn(pane)
    field = pane.desk.controls.seed.findChild(QLineEdit)
    field.selectAll()
    qtbot.keyClicks(field, "123")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    drawn(pane)
    assert point(pane).seed == 123
    assert field.width() > 30  # the number can be read


def test_a_lock_keeps_the_layout(pane: PlayPane, qtbot: QtBot) -> None:
    controls = pane.desk.controls
    click(qtbot, controls.keep_colours)
    click(qtbot, controls.keep_layout)
    assert not controls.keep_colours.isChecked()
    click(qtbot, controls.roll_button)
    drawn(pane)
    assert point(pane).seed == 7
    assert point(pane).fine_seed is not None
    assert controls.base_note.isVisible()


def test_a_slider_is_found_moves_the_picture_and_is_one_step(pane: PlayPane, qtbot: QtBot) -> None:
    sliders = pane.desk.sliders
    click(qtbot, sliders.find_button)
    wait_until(lambda: bool(sliders.rows))
    before, steps = drawn(pane), pane.time.model.rowCount()
    row = sliders.rows[next(iter(sliders.rows))]
    row.slider.setFocus()
    for _ in range(15):
        qtbot.keyClick(row.slider, Qt.Key.Key_Right)
    pane.moves.flush()
    after = drawn(pane)
    assert pane.time.model.rowCount() == steps + 1
    assert point(pane).sliders[row.key] == pytest.approx(1.5)
    assert after != before
    click(qtbot, row.reset)
    assert drawn(pane) == before
    assert names_missing(pane) == []


def test_finding_sliders_can_be_cancelled(pane: PlayPane, qtbot: QtBot) -> None:
    click(qtbot, pane.desk.sliders.find_button)
    click(qtbot, pane.desk.sliders.cancel_button)
    settle(pane.context)
    assert pane.desk.sliders.find_button.isVisible()
    assert not pane.desk.sliders.rows


def test_typical_or_wild(pane: PlayPane) -> None:
    pane.desk.controls.wild.setValue(40)
    pane.moves.flush()
    drawn(pane)
    assert point(pane).truncation == pytest.approx(0.4)
    assert pane.time.model.rowCount() == 2


def test_a_picture_of_the_history_comes_back(pane: PlayPane, qtbot: QtBot) -> None:
    first = drawn(pane)
    for _ in range(2):
        pane.moves.reroll()
        drawn(pane)
    click_row(qtbot, pane.desk.strip, 0)
    assert drawn(pane) == first
    assert pane.time.model.rowCount() == 3


def test_from_a_to_b(pane: PlayPane, qtbot: QtBot) -> None:
    press(qtbot, pane, Qt.Key.Key_A)
    pane.moves.reroll()
    drawn(pane)
    pane.between.keep_as("b")
    ab = pane.desk.ab
    assert ab.slider.isVisible()
    assert ab.mix.isVisible()
    ab.slider.setValue(50)
    pane.moves.flush()
    wait_until(lambda: pane.time.model.rowCount() == 3)
    middle = drawn(pane)
    assert point(pane).base is not None
    ab.mix.setValue(ab.mix.maximum() - 1)
    pane.moves.flush()
    wait_until(lambda: pane.time.model.rowCount() == 4)
    assert drawn(pane) != middle
    click(qtbot, ab.tiles["a"])
    drawn(pane)
    assert point(pane).seed == 7


def test_variations_are_picked_from_a_grid(pane: PlayPane, qtbot: QtBot) -> None:
    click(qtbot, pane.desk.vary_button)
    grid = pane.desk.grid
    wait_until(lambda: all(tile.filled for tile in grid.tiles))
    assert names_missing(pane) == []
    click(qtbot, grid.middle)
    assert not pane.desk.in_grid
    assert pane.time.model.rowCount() == 1
    pane.between.vary()
    wait_until(lambda: grid.tiles[3].filled)
    click(qtbot, grid.tiles[3])
    drawn(pane)
    assert not pane.desk.in_grid
    assert point(pane).base is not None


def test_a_loop_plays_its_frames_by_the_clock(pane: PlayPane, qtbot: QtBot) -> None:
    walk = pane.desk.walk
    pane.desk.show_mode("walk")
    walk.seconds.setValue(1.0)
    pane.between.toggle_key()
    pane.moves.reroll()
    drawn(pane)
    pane.between.toggle_key()
    click(qtbot, walk.play_button)
    film = pane.film
    wait_until(lambda: film.wanted > 0 and len(film.frames) == film.wanted)
    assert film.wanted == 24
    film.tick(0.26)  # wherever its own clock has brought it by now
    shown: list[QImage] = []
    film.shown.connect(shown.append)
    for second in (0.01, 0.51, 1.01):  # a loop: after its length it is at the beginning again
        film.tick(second)
    assert [film.frames.index(image) for image in shown] == [0, 12, 0]
    assert pane.desk.stage.note
    assert not pane.desk.save_button.isEnabled()
    click(qtbot, walk.play_button)
    assert not film.playing
    drawn(pane)


def test_a_walk_ends_at_its_last_frame(pane: PlayPane, notices: list[Notice]) -> None:
    walk = pane.desk.walk
    walk.form.setCurrentIndex(1)
    walk.seconds.setValue(1.0)
    pane.between.play()
    assert "two key points" in notices[-1].text
    pane.between.toggle_key()
    pane.moves.reroll()
    drawn(pane)
    pane.between.toggle_key()
    pane.between.play()
    wait_until(lambda: len(pane.film.frames) == 24)
    pane.film.tick(1.5)
    assert not pane.film.playing


def test_a_film_is_exported(pane: PlayPane, tmp_path: Path) -> None:
    out = tmp_path / "loop.gif"
    pane.work.film("aaa", [point(pane)], 1.0, "loop", str(out))
    ended: list[JobEvent] = []
    pane.context.job_event.connect(lambda event: ended.append(event) if event.state == "done" else None)
    wait_until(lambda: bool(ended))
    frames = frames_of(out)
    assert len(frames) == 24
    assert len({frame.size for frame in frames}) == 1
    assert frames[0].width == frames[0].height


def test_saving_keeps_the_recipe_and_the_page_comes_back_to_it(pane: PlayPane, qtbot: QtBot) -> None:
    pane.moves.reroll()
    drawn(pane)
    pane.desk.controls.wild.setValue(60)
    pane.moves.flush()
    picture = drawn(pane)
    saved = pane.time.current
    assert saved is not None
    click(qtbot, pane.desk.save_button)
    wait_until(lambda: saved.asset is not None)
    settle(pane.context)
    assert not pane.desk.save_button.isEnabled()
    assets = pane.context.library.assets
    assert saved.asset is not None
    kept = QImage(str(assets.path_of(assets.get(saved.asset))))
    assert kept.convertToFormat(QImage.Format.Format_RGB888) == picture
    pane.moves.reroll()
    drawn(pane)
    pane.activated(asset=saved.asset)
    wait_until(lambda: pane.time.current is not None and pane.time.current.asset == saved.asset)
    assert point(pane) == saved.point
    assert drawn(pane) == picture


def test_a_picture_is_put_into_the_model(pane: PlayPane, qtbot: QtBot) -> None:
    use_vae(pane)
    asset = picture(pane)
    pane.context.select_assets([asset])
    click(qtbot, pane.desk.controls.use_button)
    wait_until(lambda: pane.time.model.rowCount() == 3)
    drawn(pane)
    assert point(pane).base is not None
    assert pane.time.current is not None
    assert pane.time.current.source == asset
    assert pane.desk.stage.note == ""


def test_a_file_is_dropped_on_the_picture(pane: PlayPane, tmp_path: Path) -> None:
    use_vae(pane)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(make_image(tmp_path / "mine.png", (40, 30), seed=5)))])
    drop = QDropEvent(
        QPointF(20, 20),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    pane.desk.stage.dropEvent(drop)
    wait_until(lambda: pane.time.model.rowCount() == 3)
    drawn(pane)
    assert pane.time.current is not None
    assert pane.time.current.words == "From mine.png"


def test_what_is_no_picture_is_not_put_in(pane: PlayPane, notices: list[Notice]) -> None:
    sound = pane.context.library.assets.ids(AssetFilter(kinds=("audio",)))[0]
    pane.activated(asset=sound)
    wait_until(lambda: bool(notices))
    assert "Only pictures" in notices[-1].text
    drawn(pane)


def test_tags_are_told(opened: AppContext, qtbot: QtBot) -> None:
    condition = Conditions(tags=("sea", "sand"), palette=2).as_json()
    add_model(opened.library, staged_config("aa-told", condition=condition))
    pane = show_pane(PlayPane, opened, qtbot)
    pane.activated(model="aa-told")
    wait_until(lambda: pane.link.info is not None and pane.link.info.name == "aa-told")
    drawn(pane)
    click(qtbot, pane.desk.controls.tag_chips["sand"])
    drawn(pane)
    assert point(pane).condition == {"tags": ["sand"]}
    pane.context.select_assets([picture(pane)])
    click(qtbot, pane.desk.controls.palette_button)
    wait_until(lambda: "palette" in point(pane).condition)
    assert drawn(pane) is not None
    click(qtbot, pane.desk.controls.free_button)
    drawn(pane)
    assert point(pane).condition == {}
    assert names_missing(pane) == []


def test_another_model_starts_from_the_same_seed(pane: PlayPane) -> None:
    box = pane.desk.controls.model_box
    box.setCurrentIndex(box.findData("bbb"))
    box.activated.emit(box.currentIndex())
    wait_until(lambda: pane.link.info is not None and pane.link.info.name == "bbb")
    drawn(pane)
    assert point(pane) == Point(7)
    assert "Still learning" in pane.desk.controls.model_note.text()
    assert pane.time.can_undo
    pane.time.undo()
    wait_until(lambda: pane.link.info is not None and pane.link.info.name == "aaa")
    drawn(pane)
    assert pane.desk.controls.model == "aaa"


def test_a_damaged_model_says_so_and_others_stay(pane: PlayPane, qtbot: QtBot) -> None:
    folder = pane.context.library.models_dir / "bbb"
    for weights in folder.glob("*.safetensors"):
        weights.write_bytes(weights.read_bytes()[:100])
    pane.activated(model="bbb")
    states = pane.desk.stage_states
    wait_until(lambda: states.currentWidget() is states.message and bool(states.message.button.text()))
    assert states.message.title.text()
    pane.activated(model="aaa")
    wait_until(lambda: pane.link.info is not None)
    drawn(pane)


def test_a_model_that_learned_more_says_so_and_is_drawn_anew(pane: PlayPane) -> None:
    config = tiny_config("image-gan", "aaa", steps=3)
    config.options["styles"] = 1.0
    folder = pane.context.library.models_dir / "aaa"
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    before = drawn(pane)
    drive(make_trainer(folder, config))
    config.trained = {"steps": 3}
    config.save(folder)
    pane.context.library.models.add("aaa", "image-gan", "models/aaa", steps=3, metrics={}, status="ready")
    wait_until(lambda: "learned more" in pane.desk.controls.model_note.text())
    box = pane.desk.controls.model_box
    box.activated.emit(box.currentIndex())
    wait_until(lambda: pane.link.info is not None and pane.link.info.step == 3)
    wait_until(lambda: pane.time.model.rowCount() == 2)
    assert drawn(pane) != before
    assert point(pane) == Point(7)


def test_a_recipe_goes_round_by_the_clipboard(pane: PlayPane, notices: list[Notice]) -> None:
    pane.moves.reroll()
    drawn(pane)
    wanted = point(pane)
    pane.copy_recipe()
    assert json.loads(QGuiApplication.clipboard().text())["model"] == "aaa"
    pane.moves.reroll()
    drawn(pane)
    pane.paste_recipe()
    drawn(pane)
    assert point(pane) == wanted
    QGuiApplication.clipboard().setText("{}")
    pane.paste_recipe()
    assert notices[-1].level == "error"


@pytest.mark.parametrize("text", ["", "[]", "[" * 5000, '{"model": 3, "point": {}}', '{"model": "a"}'])
def test_what_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_recipe(text)


def test_a_read_only_library_saves_nothing(
    shelf: Path, tmp_path: Path, context: AppContext, qtbot: QtBot
) -> None:
    import shutil

    shutil.copytree(shelf, tmp_path / "Play.mmlib")
    context.adopt(Studio.open(tmp_path / "Play.mmlib", read_only=True))
    pane = show_pane(PlayPane, context, qtbot)
    drawn(pane)
    assert not pane.desk.save_button.isEnabled()
    assert pane.desk.walk.export_button.isEnabled()


def test_without_a_library_it_leads_to_one(context: AppContext, qtbot: QtBot) -> None:
    pane = show_pane(PlayPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message


def test_create_hands_over_what_it_showed(opened: AppContext, qtbot: QtBot) -> None:
    create = show_pane(CreatePane, opened, qtbot)
    went: list[tuple[str, dict[str, object]]] = []
    opened.navigated.connect(lambda key, args: went.append((key, args)))
    create.controls.choose_model("aaa")
    click(qtbot, create.controls.play_button)
    assert went == [("play", {"model": "aaa"})]
    create.controls.how_many.setValue(1)
    create.generate()
    wait_until(lambda: bool(create.results.rows) and create.results.rows[0].image is not None)
    settle(opened)
    click(qtbot, create.play_button)
    assert went[-1][1]["seed"] == create.results.rows[0].recipe.seed
    pane = show_pane(PlayPane, opened, qtbot)
    drawn(pane)
    pane.activated(**went[-1][1])
    wait_until(lambda: pane.time.model.rowCount() == 2)
    assert drawn(pane) == create.results.rows[0].image


def test_the_window_has_the_page_and_ctrl_z_is_its_own(
    opened: AppContext, make_window: object, qtbot: QtBot
) -> None:
    window = make_window(opened)  # type: ignore[operator]
    assert isinstance(window, MainWindow)
    opened.navigate("play")
    pane = window.panes["play"]
    assert isinstance(pane, PlayPane)
    drawn(pane)
    assert pane.actions_menu()
    press(qtbot, pane, Qt.Key.Key_R)
    wait_until(lambda: pane.time.model.rowCount() == 2)
    drawn(pane)
    press(qtbot, pane, Qt.Key.Key_Z, ctrl=True)
    assert point(pane).seed == 7


def test_in_chinese_it_stays_where_it_is(pane: PlayPane) -> None:
    before = pane.time.current
    pane.context.language_changed.connect(pane.retranslate)
    pane.context.change_setting("language", "zh_CN")
    assert pane.time.current is before
    assert pane.desk.modes.tabText(0) == "A 与 B"
    pane.context.change_setting("language", "en")


def test_the_strip_keeps_qts_rules(pane: PlayPane, qtmodeltester: ModelTester) -> None:
    pane.moves.reroll()
    drawn(pane)
    assert isinstance(pane.time.model, StepListModel)
    qtmodeltester.check(pane.time.model)
