"""Nothing leaves that facts do not support, unless a person answers for it; that is recorded and shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.composition import Composer, Storyboard
from mmstudio.errors import StudioError, UsageError
from mmstudio.export import Exporter
from mmstudio.export.copy_gate import look, texts_of
from mmstudio.jobs import run_inline
from mmstudio.library import NewItem, NewReview
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def board_of(shop: Shop, **words: Any) -> Storyboard:
    return Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience, **words)


def export(shop: Shop, board: Storyboard, out: Path) -> dict[str, Any]:
    assert board.id is not None
    result: dict[str, Any] = run_inline(Exporter(shop.library).work(board.id, ["captions"], out=out))
    return result


def test_what_the_facts_writer_wrote_passes(shop: Shop, tmp_path: Path) -> None:
    for audience in (shop.audience, shop.chinese):
        board = Composer(shop.library, None, None).compose("product-ad", shop.bag, audience)
        assert texts_of(board)
        assert look(shop.library, board).held == ()
        assert export(shop, board, tmp_path / str(audience))["files"]


def test_a_claim_that_a_person_typed_is_refused_before_anything_is_written(
    shop: Shop, tmp_path: Path
) -> None:
    board = board_of(shop, headline="Clinically proven titanium, $3 only")
    with pytest.raises(StudioError) as refused:
        export(shop, board, tmp_path / "out")
    assert refused.value.values["text"] == "Clinically proven"
    assert "answer for it" in refused.value.hint
    assert not (tmp_path / "out").exists()
    [held] = look(shop.library, board).held
    assert (held.slot, [span.text for span in held.spans]) == (
        "headline",
        ["Clinically proven", "titanium", "$3"],
    )


def test_an_override_lets_exactly_this_text_through_and_stands_in_the_manifest(
    shop: Shop, tmp_path: Path
) -> None:
    board = board_of(shop, headline="Clinically proven")
    assert board.id is not None
    exporter = Exporter(shop.library)
    with pytest.raises(UsageError):
        exporter.answer_for(board.id, "", "because")
    with pytest.raises(UsageError):
        exporter.answer_for(board.id, "Ida", " ")
    [override] = exporter.answer_for(board.id, "Ida Berg", "study 12 of our lab")
    assert (override.who, override.reason, override.text) == (
        "Ida Berg",
        "study 12 of our lab",
        "Clinically proven",
    )
    assert override.created_at
    result = export(shop, board, tmp_path / "out")
    assert any("Ida Berg" in note for note in result["notes"])
    [entry] = json.loads(Path(result["manifest"]).read_text(encoding="utf-8"))["overrides"]
    assert (entry["who"], entry["reason"], entry["when"]) == (
        "Ida Berg",
        "study 12 of our lab",
        override.created_at,
    )
    assert entry["spans"] == [{"text": "Clinically proven", "kind": "claim", "status": "unsupported"}]
    assert exporter.answer_for(board.id, "Ida Berg", "again") == []
    Composer(shop.library, None, None).edit(board.id, headline="Clinically proven, twice as good")
    with pytest.raises(StudioError, match="not supported"):
        export(shop, board, tmp_path / "again")


def test_an_override_is_for_one_item(shop: Shop, tmp_path: Path) -> None:
    board = board_of(shop, headline="Clinically proven")
    assert board.id is not None
    Exporter(shop.library).answer_for(board.id, "Ida", "study")
    other = Composer(shop.library, None, None).compose("product-ad", shop.lamp, headline="Clinically proven")
    assert [held.text for held in look(shop.library, other).held] == ["Clinically proven"]


def test_facts_are_read_again_at_export(shop: Shop, tmp_path: Path) -> None:
    board = board_of(shop)
    item = shop.library.items.get(shop.bag)
    assert board.copy["price"]
    shop.library.items.upsert_many([NewItem(item.sku, item.title, item.description, 99.5, item.currency)])
    with pytest.raises(StudioError, match="not supported"):
        export(shop, board, tmp_path / "out")


def test_banned_words_and_required_sentences(shop: Shop, tmp_path: Path) -> None:
    brand = shop.library.brand
    board = board_of(shop, headline="Simply nice")
    brand.add("ban", "nice")
    with pytest.raises(StudioError, match="banned"):
        export(shop, board, tmp_path / "out")
    brand.add("allow", "nice")
    assert export(shop, board, tmp_path / "out")["files"]
    brand.add("require", "Terms apply.")
    with pytest.raises(StudioError, match="Terms apply"):
        export(shop, board, tmp_path / "out")
    said = board_of(shop, headline="Simply good", line="Terms apply.")
    assert export(shop, said, tmp_path / "said")["files"]
    assert board.id is not None
    Exporter(shop.library).answer_for(board.id, "Ida", "no room")
    assert export(shop, board, tmp_path / "out")["files"]


def test_a_storyboard_of_no_item_is_checked_for_banned_words_only(shop: Shop) -> None:
    board = board_of(shop, headline="For $3 at our best price")
    board.item_id = None
    assert look(shop.library, board).held == ()
    shop.library.brand.add("ban", "best price")
    [held] = look(shop.library, board).held
    assert [span.text for span in held.spans] == ["best price"]


def test_captions_that_say_more_than_the_layers_are_read_too(shop: Shop) -> None:
    board = board_of(shop)
    board.captions[0].text += "\nFree shipping worldwide"
    [held] = look(shop.library, board).held
    assert (held.slot, held.spans[0].text) == ("caption", "Free shipping")


def test_the_page_shows_no_card_whose_words_may_not_leave(shop: Shop, tmp_path: Path) -> None:
    def cards() -> int:
        shop.library.recommendations.save(
            shop.audience, [{"item_id": shop.bag, "score": 1.0, "why": "It fits.", "parts": []}]
        )
        work = Exporter(shop.library).page_work([shop.audience], out=tmp_path / "page")
        run_inline(work)
        return (tmp_path / "page" / "recommendations.html").read_text(encoding="utf-8").count("<details>")

    board = board_of(shop)
    assert cards() == 1
    assert board.id is not None
    Composer(shop.library, None, None).edit(board.id, headline="Clinically proven")
    assert cards() == 0


def test_how_buyers_rate_an_item_is_a_fact(shop: Shop) -> None:
    shop.library.items.add_reviews(
        [NewReview(shop.bag, f"Good bag, trip {n}.", rating=5.0) for n in range(6)]
    )
    for audience in (shop.audience, shop.chinese):
        board = Composer(shop.library, None, None).make("product-card", shop.bag, audience)
        assert "★" in board.copy["rating"]
        assert not [held for held in look(shop.library, board).held if held.slot == "rating"]
