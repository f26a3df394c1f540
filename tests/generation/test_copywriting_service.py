"""The copywriter of a library: briefs, guarded variants, overrides, rules of the brand, the shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli import run
from mmstudio.errors import NotFound, UsageError
from mmstudio.generation.copywriting import Brief, Copywriter, EngineStatus
from mmstudio.library import Library, NewItem, NewReview
from mmstudio.library.migrations import MIGRATIONS, migrate
from mmstudio.library.sqlite import sqlite3
from support.copy import BAG


class Boaster:
    """An engine that says what it likes."""

    name = "server"
    label = "Boaster"

    def status(self) -> EngineStatus:
        return EngineStatus(True)

    def write(
        self,
        brief: Brief,
        heard: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[str]:
        yield "The world's best bag, only $9!"
        yield "A roomy bag. " * 40
        yield "Padded shoulder strap. Yours for $45."
        yield "  "


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "Shop.mmlib") as made:
        made.items.upsert_many(
            [
                NewItem(
                    BAG.sku,
                    BAG.title,
                    BAG.description,
                    BAG.price,
                    BAG.currency,
                    BAG.category,
                    "",
                    BAG.attributes,
                ),
                NewItem("X-100"),
            ]
        )
        made.items.add_reviews([NewReview(1, "I love how it keeps my things dry.", "Bo", 5.0)])
        made.audiences.add("Campers", "people who carry things", tone="playful")
        yield made


def test_a_brief_brings_item_reviews_and_audience(library: Library) -> None:
    brief = Copywriter(library).brief("headline", 1, 1, count=2)
    assert brief.item is not None
    assert (brief.item.sku, len(brief.reviews), brief.longest, brief.language) == ("HB-1", 1, 64, "en")
    writer = Copywriter(library)
    for task, item, wishes, error in (
        ("poem", 1, {}, UsageError),
        ("headline", 99, {}, NotFound), ("headline", 1, {"count": 0}, UsageError),
        ("headline", 1, {"limit": -1}, UsageError),
    ):  # fmt: skip
        with pytest.raises(error):
            writer.brief(task, item, None, **wishes)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        writer.variants(brief, "nobody")


def test_variants_are_different_safe_and_ranked(library: Library) -> None:
    writer = Copywriter(library)
    found = writer.variants(writer.brief("one_liner", 1, 1, count=4))
    assert len(found) == 4
    assert all(variant.safe and variant.facts and variant.engine == "facts" for variant in found)
    assert len({variant.text for variant in found}) == 4


def test_what_a_language_model_says_goes_through_the_guard(library: Library) -> None:
    writer = Copywriter(library, [Boaster()])
    found = writer.variants(writer.brief("one_liner", 1), "server")
    assert found[0].text == "Padded shoulder strap. Yours for $45."
    assert found[0].safe
    boast = next(variant for variant in found if "$9" in variant.text)
    assert not boast.safe
    assert [span.text for span in boast.spans if span.blocks] == ["world's best", "$9"]
    assert boast.score < found[0].score
    assert boast.notes
    long = next(variant for variant in found if variant.text.endswith("…"))
    assert len(long.text) <= 110


def test_overrides_are_recorded_and_outlive_the_item(library: Library) -> None:
    writer = Copywriter(library)
    assert writer.override("A roomy bag.", 1, "Ida", "why not") is None
    with pytest.raises(UsageError):
        writer.override("Free shipping", 1, "Ida", "")
    made = writer.override("Free  shipping", 1, "Ida", "new contract", "en")
    assert made is not None
    assert (made.who, made.reason, made.sku, made.spans[0]["text"]) == (
        "Ida",
        "new contract",
        "HB-1",
        "Free  shipping",
    )
    assert library.overrides.of_text("Free shipping", 1) == [made]
    assert library.overrides.of_text("Free shipping", 2) == []
    assert library.overrides.list() == [made]
    with pytest.raises(NotFound):
        library.overrides.add(99, "en", "x", [], "Ida", "y")


def test_rules_of_the_brand(library: Library) -> None:
    brand = library.brand
    assert brand.add("ban", "  cheap  stuff ") == brand.add("ban", "cheap stuff")
    brand.add("require", "Terms apply.", "en", "warranty")
    brand.add("ban", "便宜", "zh")
    rules = brand.get()
    assert [rule.text for rule in rules.of("ban", "zh_CN")] == ["cheap stuff", "便宜"]
    assert [rule.text for rule in rules.of("ban", "en")] == ["cheap stuff"]
    brand.add("allow", "Cheap stuff")
    assert [rule.kind for rule in brand.get().of("allow", "en")] == ["allow"]
    assert brand.get().of("ban", "en") == []
    assert brand.remove("cheap stuff") == 1
    assert brand.remove("cheap stuff") == 0
    with pytest.raises(UsageError):
        brand.add("ban", "  ")


def test_a_library_of_the_version_before_gets_the_new_tables(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    migrate(connection, tmp_path, "old", MIGRATIONS[:2])
    connection.execute("INSERT INTO item(sku, created_at, updated_at) VALUES ('A', '', '')")
    assert migrate(connection, tmp_path, "old", MIGRATIONS[:3]) == [102]
    assert (tmp_path / "library-101.db").is_file()
    assert connection.execute("SELECT COUNT(*) FROM brand_rule").fetchone()[0] == 0
    values = "1, 'A', 'en', 'd', 't', '[]', 'Ida', 'r', ''"
    columns = "item_id, sku, locale, digest, text, spans, who, reason, created_at"
    connection.execute(f"INSERT INTO copy_override({columns}) VALUES ({values})")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("DELETE FROM item")
    assert connection.execute("SELECT item_id, sku FROM copy_override").fetchone()[:2] == (None, "A")
    connection.close()


def test_the_shell_writes_checks_and_keeps_rules(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(library.path)
    library.close()

    def said(*words: str, status: int = 0) -> Any:
        assert run([words[0], path, *words[1:], "--json"]) == status
        return json.loads(capsys.readouterr().out)

    made = said("write", "--item", "HB-1", "--task", "one-liner", "-n", "2", "--audience", "Campers")
    assert [variant["safe"] for variant in made["variants"]] == [True, True]
    checked = said("check-text", "--item", "HB-1", "Free shipping, $45", status=1)
    assert [(span["text"], span["status"]) for span in checked["spans"]] == [
        ("Free shipping", "unsupported"),
        ("$45", "supported"),
    ]
    answered = said("check-text", "--item", "HB-1", "Free shipping", "--override", "contract", "--who", "Ida")
    assert answered["override"]["who"] == "Ida"
    assert said("brand", "ban", "cheap")["rules"][0]["text"] == "cheap"
    assert said("check-text", "--item", "HB-1", "A cheap bag", status=1)["spans"][0]["status"] == "banned"
    assert said("brand", "forget", "cheap")["rules"] == []
    assert run(["write", path, "--item", "HB-1", "--task", "poem"]) == 2
    assert run(["write", path, "--item", "nothing"]) == 1
    assert run(["brand", path, "forget", "nothing"]) == 1
    capsys.readouterr()
    assert run(["check-text", path, "--item", "HB-1", "Two front pockets"]) == 0
    assert "Two" in capsys.readouterr().out
