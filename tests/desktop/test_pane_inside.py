"""The page that looks inside: what it shows of each kind, explaining, going on to a neighbour."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.panes.inside import InsidePane
from mmstudio.desktop.views.measures import rows
from mmstudio.desktop.views.tiles import PictureTile
from mmstudio.jobs import run_inline
from mmstudio.library import AssetFilter, Facts, Scene
from mmstudio.media.kinds import MediaKind
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import names_missing, show_pane


@pytest.fixture
def page(open_context: AppContext, studio: Studio, qtbot: QtBot) -> InsidePane:
    run_inline(studio.features.work(kind="image"))
    studio.library.assets.add_tags(of_kind(studio, "image")[:2], ["shore"])
    settle(open_context)
    return show_pane(InsidePane, open_context, qtbot)


def of_kind(studio: Studio, kind: MediaKind) -> list[int]:
    return studio.library.assets.ids(AssetFilter(kinds=(kind,)), descending=False)


def shown(page: InsidePane) -> set[str]:
    return {key for key, widgets in page._parts.items() if widgets[0].isVisibleTo(page)}


def test_without_an_asset_it_says_what_to_do(page: InsidePane) -> None:
    page.activated()
    assert page.stack.currentWidget() is page.stack.message
    assert page.stack.message.title.text() == "Nothing to look into yet."


def test_a_picture_is_explained(page: InsidePane, studio: Studio) -> None:
    ids = of_kind(studio, "image")
    studio.library.facts.put_many([Facts(ids[0], {"sharpness": 0.4}, {"teal": 0.7})])
    page.activated(asset=ids[0])
    settle(page.context)
    assert {"picture", "measures", "colours", "neighbours", "vectors"} <= shown(page)
    assert {"sound", "scenes", "phrases", "unready"}.isdisjoint(shown(page))
    assert page.heading.text() == studio.library.assets.get(ids[0]).title
    assert page.context.selection == [ids[0]]
    assert names_missing(page) == []
    page.activated(asset=ids[0], tag="shore")
    wait_until(lambda: "shore" in page.answer.text())
    assert page.question.currentText() == "Why “shore”?"
    page.neighbours.explained.emit(ids[1])
    wait_until(lambda: page.answer.text() == "Bright places make the two pictures alike.")


def test_what_cannot_be_explained_is_said_on_the_page(page: InsidePane, studio: Studio) -> None:
    page.activated(asset=of_kind(studio, "image")[0], tag="never used")
    wait_until(lambda: "cannot be explained" in page.answer.text())


def test_a_neighbour_opens(page: InsidePane, studio: Studio) -> None:
    ids = of_kind(studio, "image")
    page.activated(asset=ids[0])
    settle(page.context)
    tiles = page.neighbours.findChildren(PictureTile)
    assert len(tiles) == len(ids) - 1
    tiles[0].click()
    settle(page.context)
    assert page.context.selection != [ids[0]]
    assert page.context.selection[0] in ids


def test_a_sound_is_drawn_up(page: InsidePane, studio: Studio) -> None:
    [sound] = of_kind(studio, "audio")
    page.activated(asset=sound)
    settle(page.context)
    assert {"sound", "unready"} <= shown(page)
    assert "picture" not in shown(page)
    assert not page.mel._image.isNull()


def test_a_video_shows_its_scenes(page: InsidePane, studio: Studio) -> None:
    [clip] = of_kind(studio, "video")
    studio.library.facts.put_many(
        [Facts(clip, {"scenes": 2}, scenes=(Scene(0, 0.5, 0.2), Scene(0.5, 1, 0.7)))]
    )
    page.activated(asset=clip)
    settle(page.context)
    assert "scenes" in shown(page)
    assert len(page.scenes._tiles) == 2


def test_a_text_tells_its_words(page: InsidePane, studio: Studio) -> None:
    run_inline(studio.features.work(kind="text"))
    [text] = of_kind(studio, "text")
    page.activated(asset=text)
    settle(page.context)
    assert "phrases" in shown(page)


def test_a_file_that_is_gone_is_said(page: InsidePane, studio: Studio) -> None:
    asset = studio.library.assets.get(of_kind(studio, "image")[0])
    studio.library.assets.path_of(asset).unlink()
    page.activated(asset=asset.id)
    settle(page.context)
    assert page.stack.currentWidget() is page.stack.message
    assert page.stack.message.button.text() == "Try again"


def test_measures_in_words() -> None:
    found = {m.label: words for m, words, _ in rows({
        "sharpness": 0.034, "loudness": -14.25, "peak": -0.1, "tempo": 119.6, "tempo_sure": 0.9,
        "key": 21.0, "key_sure": 0.05, "scenes": 3.0, "colourfulness": 0.123,
    })}  # fmt: skip
    assert found == {
        "Sharpness": "3.4 %", "Loudness": "−14.2 LUFS", "Peak": "−0.1 dBFS", "Tempo": "120 bpm",
        "Key": "A minor (unsure)", "Scenes": "3", "Colourfulness": "0.12",
    }  # fmt: skip


def test_frames_stay_when_the_page_is_shown_again(page: InsidePane, studio: Studio) -> None:
    [clip] = of_kind(studio, "video")
    studio.library.facts.put_many([Facts(clip, {}, {}, (Scene(0.0, 0.4, 0.2),))])
    page.activated(asset=clip)
    settle(page.context)
    frame = page.scenes._tiles[0].icon().pixmap(160, 90).toImage()
    page.retranslate()
    assert page.scenes._tiles[0].icon().pixmap(160, 90).toImage() == frame
