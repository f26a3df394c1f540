"""What holds a storyboard back, who may let it go, and for how long that counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mmstudio.composition import Storyboard
from mmstudio.composition.storyboard import ImageLayer, Scene, Source
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.export.compliance import CHECKS, Check, answer_for, look, pass_or_refuse
from mmstudio.export.options import ExportOptions
from mmstudio.i18n import set_language
from mmstudio.library import Library
from support.shop import Shop, make_shop

TODAY = date(2026, 11, 27)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def saved(shop: Shop, locale: str = "en", *, drawn: bool = False) -> tuple[Storyboard, int]:
    """A saved storyboard with one picture, and the picture's id."""
    asset = shop.library.items.assets_of(shop.bag)[0].asset_id
    board = Storyboard(
        name="Board", locale=locale, scenes=[Scene(layers=[ImageLayer(asset_id=asset)])],
        sources=[Source("background", "generated")] if drawn else [],
    )  # fmt: skip
    board.id = shop.library.storyboards.save(board.name, "", None, None, board.to_dict())
    return board, asset


def state(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.state for check in checks}


def test_media_nobody_said_anything_about_leave_with_a_note(shop: Shop) -> None:
    board, asset = saved(shop)
    checks = pass_or_refuse(shop.library, board)
    assert state(checks) == {n: "amber" if n == "rights" else "green" for n in CHECKS if n != "claims"}
    assert checks[0].assets == (asset,)
    assert "bag-main" in checks[0].message
    assert "bag-main" not in str(checks[0].for_others())
    shop.library.assets.set_rights([asset], "own")
    assert {check.state for check in look(shop.library, board)} == {"green"}


@pytest.mark.parametrize(
    ("check", "word", "values", "market"),
    [
        ("rights", "restricted", {}, ""),
        ("consent", "own", {"consent": "refused"}, ""),
        ("expiry", "own", {"expires": "2026-11-26"}, ""),
        ("market", "own", {"markets": "de, FR"}, "US"),
    ],
)
def test_what_is_red_stays_until_somebody_answers_for_exactly_that(
    shop: Shop, check: str, word: Any, values: dict[str, str], market: str
) -> None:
    board, asset = saved(shop)
    shop.library.assets.set_rights([asset], word)
    if values:
        shop.library.asset_rights.set([asset], **values)
    options = ExportOptions(market=market)
    with pytest.raises(StudioError, match="may not leave") as caught:
        pass_or_refuse(shop.library, board, options)
    assert "bag-main" in caught.value.message
    assert "answer for it" in caught.value.hint
    for who, reason in (("", "x"), ("Ann", "  ")):
        with pytest.raises(UsageError):
            answer_for(shop.library, board, [check], who, reason, options)
    with pytest.raises(UsageError, match="no check"):
        answer_for(shop.library, board, ["nonsense"], "Ann", "x", options)
    answered = answer_for(shop.library, board, CHECKS, "Ann", "Agreed by phone", options)
    told = next(c for c in answered if c.name == check).as_json()
    assert told["answered_by"]["who"] == "Ann"
    assert pass_or_refuse(shop.library, board, options)
    assert len(shop.library.clearances.of(board.id or 0)) == 1
    changed = Storyboard.from_dict({**board.to_dict(), "name": "Other"}, board.id)
    with pytest.raises(StudioError):
        pass_or_refuse(shop.library, changed, options)
    set_language("zh_CN")
    assert pass_or_refuse(shop.library, board, options)
    set_language("en")
    shop.library.assets.set_rights([asset], "restricted")
    shop.library.asset_rights.set([asset], note="something else is known now")
    with pytest.raises(StudioError):
        pass_or_refuse(shop.library, board, options)


def test_days_and_countries(shop: Shop) -> None:
    board, asset = saved(shop)
    shop.library.asset_rights.set([asset], expires="2026-12-10", markets=["DE"], licence="CC BY", owner="Ann")
    found = {c.name: c for c in look(shop.library, board, today=TODAY)}
    assert (found["expiry"].state, found["market"].state) == ("amber", "amber")
    assert "2026-12-10" in found["expiry"].message
    found = {
        c.name: c for c in look(shop.library, board, ExportOptions(market="de"), today=date(2026, 12, 10))
    }
    assert (found["expiry"].state, found["market"].state) == ("amber", "green")
    late = {c.name: c for c in look(shop.library, board, today=date(2026, 12, 11))}
    assert late["expiry"].state == "red"


@pytest.mark.parametrize(
    ("locale", "market", "label", "wanted"),
    [
        ("en", "", "never", "green"), ("de_DE", "", "never", "red"), ("zh_CN", "", "never", "red"),
        ("zh_CN", "", "auto", "green"), ("en", "FR", "never", "red"),
    ],
)  # fmt: skip
def test_disclosure_is_red_where_the_law_asks_and_no_label_is_shown(
    shop: Shop, locale: str, market: str, label: Any, wanted: str
) -> None:
    board, _ = saved(shop, locale, drawn=True)
    assert state(look(shop.library, board, ExportOptions(label=label, market=market)))["disclosure"] == wanted
    plain, _ = saved(shop, locale)
    assert state(look(shop.library, plain, ExportOptions(label="never")))["disclosure"] == "green"


def test_claims_are_answered_for_text_by_text(shop: Shop) -> None:
    from mmstudio.composition import TextLayer

    board, _ = saved(shop)
    shop.library.brand.add("ban", "cheap")
    board.scenes[0].layers.append(TextLayer(text="A cheap bag"))
    found = next(c for c in look(shop.library, board) if c.name == "claims")
    assert (found.state, "cheap" in found.message) == ("red", True)
    checks = answer_for(shop.library, board, ["claims"], "Ann", "It is")
    assert state(checks)["claims"] == "green"
    assert "Ann" in next(c for c in checks if c.name == "claims").message
    assert shop.library.clearances.of(board.id or 0) == []


def test_an_export_is_refused_and_writes_nothing(shop: Shop, tmp_path: Path) -> None:
    from mmstudio.export import Exporter
    from mmstudio.jobs import run_inline

    board, asset = saved(shop)
    shop.library.assets.set_rights([asset], "restricted")
    with pytest.raises(StudioError, match="may not leave"):
        run_inline(Exporter(shop.library).work(board.id or 0, ["square-card"], out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_rights_are_checked_kept_and_undone(shop: Shop) -> None:
    _, asset = saved(shop)
    store = shop.library.asset_rights
    for wrong in ({"colour": "x"}, {"consent": "maybe"}, {"expires": "31.12.2026"}, {"markets": "Germany"}):
        with pytest.raises(UsageError):
            store.set([asset], **wrong)
    store.set([asset, 9999], owner="  Ann \n Maker ", markets="de;fr", note="x" * 5000)
    known = store.get(asset)
    assert (known.owner, known.markets, len(known.note)) == ("Ann Maker", ("DE", "FR"), 2000)
    store.set([asset], consent="given")
    assert store.get(asset).owner == "Ann Maker"
    assert shop.library.undo.undo() == "Describe the rights of an asset"
    assert store.get(asset).consent == "unknown"
    shop.library.undo.undo()
    assert store.get(asset).updated_at == ""
    shop.library.undo.redo()
    assert store.get(asset).owner == "Ann Maker"
    before = shop.library.undo.labels
    store.set([asset], owner="Ann Maker")
    assert shop.library.undo.labels == before


def test_clearances_need_a_storyboard_and_a_name(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.library.clearances.add(999, "rights", "d", "f", "Ann", "x")
    with pytest.raises(UsageError):
        shop.library.clearances.add(1, "rights", "d", "f", " ", "x")
    board, asset = saved(shop)
    shop.library.assets.set_rights([asset], "restricted")
    board.id = None
    with pytest.raises(NotFound, match="not saved"):
        answer_for(shop.library, board, ["rights"], "Ann", "x")


def test_a_read_only_library_is_looked_at(shop: Shop) -> None:
    board, asset = saved(shop)
    shop.library.assets.set_rights([asset], "restricted")
    path = shop.library.path
    shop.library.close()
    with Library.open(path, read_only=True) as library:
        assert state(look(library, board))["rights"] == "red"
        with pytest.raises(StudioError):
            answer_for(library, board, ["rights"], "Ann", "x")
