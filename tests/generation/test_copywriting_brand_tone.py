"""The brand's tone holds for whoever writes, unless the person or the audience asks for another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from mmstudio.cli import run
from mmstudio.composition.brand import BrandKit, save_kit
from mmstudio.generation.copywriting import Copywriter
from mmstudio.generation.copywriting.prompts import messages
from mmstudio.library import Library, NewItem
from support.copy import BAG


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "Shop.mmlib") as made:
        given = {key: value for key, value in asdict(BAG).items() if key in NewItem.__dataclass_fields__}
        made.items.upsert_many([NewItem(**given)])
        made.audiences.add("Campers", "people who carry things", tone="playful")
        made.audiences.add("Everyone", "")
        save_kit(made, BrandKit("North", tone="urgent, no superlatives"))
        yield made


def asked(library: Library, audience: int | None = None, **wishes: str) -> str:
    """What a language model is told."""
    return messages(Copywriter(library).brief("one_liner", 1, audience, **wishes))[1]["content"]


def test_a_language_model_is_told_the_tone_of_the_brand(library: Library) -> None:
    assert "Tone: urgent, no superlatives." in asked(library)
    assert "Tone: urgent, no superlatives." in asked(library, 2)
    assert "Tone: playful." in asked(library, 1)
    assert "Tone: calm." in asked(library, 1, tone="calm")
    assert "语气：urgent, no superlatives。" in asked(library, locale="zh-CN")
    library.brand_kits.choose(None)
    assert "Tone:" not in asked(library)


def test_the_facts_writer_writes_in_the_tone_of_the_brand_and_says_whose_it_is(library: Library) -> None:
    writer = Copywriter(library)

    def texts(audience: int | None = None, **wishes: str) -> tuple[set[str], set[tuple[str, str]]]:
        found = writer.variants(writer.brief("call_to_action", 1, audience, count=6, **wishes))
        return {one.text for one in found}, {(one.tone, one.tone_from) for one in found}

    by_brand, told = texts()
    assert told == {("urgent, no superlatives", "brand")}
    assert by_brand == texts(tone="urgent")[0]
    assert by_brand != texts(tone="formal")[0]
    assert texts(1)[1] == {("playful", "audience")}
    assert texts(1, tone="calm")[1] == {("calm", "brief")}
    library.brand_kits.choose(None)
    assert texts()[1] == {("", "")}


def test_the_shell_names_the_tone_and_a_set_records_it(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(library.path)
    library.close()
    assert run(["write", path, "--item", BAG.sku, "-n", "1"]) == 0
    assert "Tone of the brand: urgent, no superlatives" in capsys.readouterr().out
    assert run(["write", path, "--item", BAG.sku, "-n", "1", "--json"]) == 0
    variant = json.loads(capsys.readouterr().out)["variants"][0]
    assert (variant["tone"], variant["tone_from"]) == ("urgent, no superlatives", "brand")
