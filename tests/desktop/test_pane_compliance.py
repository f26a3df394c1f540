"""The compliance page, the page that verifies files, and the rights in the inspector."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from mmstudio.composition.storyboard import ImageLayer, Scene, Storyboard
from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.inspector import Inspector
from mmstudio.desktop.job_notices import JobNotices
from mmstudio.desktop.panes.compliance import CompliancePane
from mmstudio.desktop.panes.verify import VerifyPane
from mmstudio.media.metadata import TRAINED, stamp
from mmstudio.studio import Studio
from support.media import make_picture
from support.qt import settle, wait_until
from support.shop import make_shop
from support.storefront import click, names_missing, show_pane


def open_shop(context: AppContext, folder: Path) -> Studio:
    shop = make_shop(folder / "shop")
    board = Storyboard(name="Board", scenes=[Scene(layers=[ImageLayer(asset_id=1)])])
    shop.library.storyboards.save(board.name, "", None, None, board.to_dict())
    shop.library.asset_rights.set([1], markets=["DE"])
    studio = Studio(shop.library)
    context.adopt(studio)
    return studio


def test_a_red_check_is_answered_for_by_name(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    studio = open_shop(context, tmp_path)
    pane = show_pane(CompliancePane, context, qtbot)
    pane.activated(storyboard=1, market="US")
    wait_until(lambda: bool(pane.cards) and pane.cards[0].check.state == "red")
    assert "Held back: 1 of 7" in pane.summary.text()
    assert pane.cards[0].check.name == "market"
    assert not pane.export_button.isEnabled()
    assert names_missing(pane) == []
    asked: list[tuple[str, dict[str, object]]] = []
    context.navigated.connect(lambda key, args: asked.append((key, args)))
    wait_until(pane.cards[0].media.isVisible)
    click(qtbot, pane.cards[0].media)
    assert asked == [("library", {"query": "", "select": [1]})]

    click(qtbot, pane.cards[0].answer)
    assert pane.foot.isVisible()
    assert not pane.answer_button.isEnabled()
    qtbot.keyClicks(pane.who, "Ann")
    qtbot.keyClicks(pane.reason, "By phone")
    click(qtbot, pane.answer_button)
    wait_until(lambda: pane.export_button.isEnabled())
    assert not pane.foot.isVisible()
    answered = next(card for card in pane.cards if card.check.name == "market")
    assert "Ann answers for it" in answered.state.text()
    assert studio.library.clearances.of(1)[0].reason == "By phone"

    pane.market.setText("DE")
    pane.market.editingFinished.emit()
    wait_until(lambda: all(card.check.state != "red" for card in pane.cards))


def test_without_a_storyboard_it_says_what_to_do(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    context.adopt(Studio.create(tmp_path / "Empty.mmlib"))
    pane = show_pane(CompliancePane, context, qtbot)
    wait_until(lambda: pane.states.currentWidget() is pane.states.message and context.idle)
    asked: list[str] = []
    context.navigated.connect(lambda key, _args: asked.append(key))
    click(qtbot, pane.states.message.button)
    assert asked == ["preview"]


def test_files_say_where_they_come_from(context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    for name in ("made.png", "photo.png"):
        make_picture((40, 30)).save(tmp_path / name)
    stamp(tmp_path / "made.png", {"digital_source_type": TRAINED, "recipe": "story", "seed": 4})
    (tmp_path / "broken.png").write_bytes(b"x")
    pane = show_pane(VerifyPane, context, qtbot)
    assert pane.states.currentWidget() is pane.states.message
    pane.activated(files=[tmp_path / "made.png", tmp_path / "photo.png", tmp_path / "broken.png"])
    wait_until(lambda: len(pane.cards) == 3)
    assert "Made by a model." in pane.cards[0].lines.text()
    assert pane.cards[0].facts.text() == "recipe Story (story) · seed 4"
    assert "nothing of its origin" in pane.cards[1].lines.text()
    assert "1 of 3 files" in pane.summary.text()
    assert names_missing(pane) == []
    pane.verify([str(tmp_path / "gone.png")])
    wait_until(lambda: pane.states.currentWidget() is pane.states.message)


def test_the_inspector_keeps_what_is_known_of_the_rights(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    studio = open_shop(context, tmp_path)
    inspector = Inspector(context)
    qtbot.addWidget(inspector)
    inspector.resize(300, 900)
    inspector.show()
    form = inspector.rights_form
    context.select_assets([1, 2])
    wait_until(lambda: form.fields["markets"].text() == "DE")
    assert form.summary.text() == "DE"
    form.more.click()
    assert form.body.isVisible()
    form.fields["owner"].setText("Ann")
    form.fields["owner"].editingFinished.emit()
    wait_until(lambda: studio.library.asset_rights.get(2).owner == "Ann")
    form.fields["expires"].setText("soon")
    form.fields["expires"].editingFinished.emit()
    wait_until(lambda: form.problem.isVisible())
    assert "soon is not a day" in form.problem.text()
    form.consent.setCurrentIndex(form.consent.findData("refused"))
    form.consent.activated.emit(form.consent.currentIndex())
    wait_until(lambda: studio.library.asset_rights.get(1).consent == "refused")
    settle(context)


def test_a_refused_export_leads_to_the_check_that_refused_it(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    studio = open_shop(context, tmp_path)
    notices = JobNotices(context, context.jobs)
    shown: list[Notice] = []
    asked: list[tuple[str, dict[str, object]]] = []
    context.notice.connect(shown.append)
    context.navigated.connect(lambda key, args: asked.append((key, args)))
    params = {
        "storyboard_id": 1, "channels": ["square-card"], "out": str(tmp_path / "out"),
        "options": {"market": "US"},
    }  # fmt: skip
    assert context.submit("export", params) is not None
    wait_until(lambda: any(notice.level == "error" for notice in shown))
    notice = next(notice for notice in shown if notice.level == "error")
    assert "may not be used in US" in notice.text
    assert notice.action is not None
    notice.action[1]()
    assert asked == [("compliance", {"storyboard": 1, "market": "US"})]
    assert not (tmp_path / "out").exists()
    settle(context)
    assert notices.parent() is context
    assert studio.library.exports.list() == []
