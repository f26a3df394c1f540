"""What texts are to a training: clean, cut, alike on the same side; rights respected; bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmstudio.errors import StudioError, UsageError
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets.report import DatasetReport
from mmstudio.learning.texts.gather import GatheredTexts, gather_texts
from mmstudio.learning.texts.passages import LONGEST, Passage, alike, clean, cut, held_out
from mmstudio.library import Library
from mmstudio.library.records import NewItem, NewReview
from support.libraries import new_library
from support.texts import made_texts, text_library, tiny_text_config


def gathered(library: Library, **more: object) -> GatheredTexts:
    config: ModelConfig = tiny_text_config("text-lm")
    for key, value in more.items():
        setattr(config, key, value)
    found: GatheredTexts = run_inline(lambda _context: gather_texts(library, config), {})
    return found


def passages(texts: list[str]) -> list[Passage]:
    return [Passage(text, "file", place + 1) for place, text in enumerate(texts)]


def test_text_is_cleaned_of_what_is_no_text() -> None:
    assert clean("a\0b\r\nc \t d\n\n\n\ne\ufeff\ud800 ") == "ab\nc d\n\ne"


@pytest.mark.parametrize(
    "text",
    ["x" * 10_000, "a sentence. " * 500, "段落很长，" * 900, "one\n\n" * 2000, "שלום " * 1000, "😀" * 5000],
)
def test_long_texts_are_cut_into_bounded_passages_without_loss(text: str) -> None:
    text = clean(text)
    parts = list(cut(text))
    assert len(parts) > 1
    assert all(0 < len(part) <= LONGEST for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_near_copies_are_one_group_and_go_to_one_side() -> None:
    unlike = [f"{a} {b} {c} stands here alone, {d}" for a, b, c, d in _different(60)]
    copies = [f"{text} (again)" for text in unlike[:20]]
    found = passages(unlike + copies)
    groups = alike(found)
    assert sorted(map(len, groups)) == [1] * 40 + [2] * 20
    for seed in range(4):
        held = held_out(found, seed)
        assert held
        assert all(len(held & set(group)) in (0, len(group)) for group in groups)


def test_the_held_out_tenth_depends_on_content_and_seed_only() -> None:
    texts = [" ".join(words) for words in _different(50)]
    one = {passages(texts)[i].text for i in held_out(passages(texts), 1)}
    backwards = passages(texts[::-1])
    assert one == {backwards[i].text for i in held_out(backwards, 1)}
    assert len(one) == 5
    assert one != {texts[i] for i in held_out(passages(texts), 2)}
    assert held_out(passages(texts[:19]), 1) == set()


def test_rights_and_wishes_leave_texts_out(tmp_path: Path) -> None:
    with text_library(tmp_path) as library:
        ids = library.assets.ids()
        library.assets.set_rights(ids[:3], "no-training")
        library.assets.set_rights(ids[3:4], "restricted")
        found = gathered(library, leave_out=ids[4:6])
    used = {*found.assets, *found.held_assets}
    assert found.forbidden == ids[:4]
    assert found.left_out == ids[4:6]
    assert used <= set(ids[6:])
    assert found.held


def test_items_reviews_and_captions_are_read_where_chosen(tmp_path: Path) -> None:
    with text_library(tmp_path, made_texts(3)) as library:
        library.assets.set_caption(library.assets.ids()[:1], "A caption of its own.")
        item = NewItem(
            "a", "Mug", "Holds tea.", attributes={"title_zh": "杯子", "description_zh": "用来喝茶。"}
        )
        (item_id,) = library.items.upsert_many([item])
        library.items.add_reviews([NewReview(item_id, "Keeps warm for long.", title="Good")])
        everything = gathered(library)
        some = gathered(library, parts={"texts": ["items", "reviews"]})
        with pytest.raises(UsageError, match="kind “songs”"):
            gathered(library, parts={"texts": ["songs"]})
    assert {one.origin for one in everything.train} == {"file", "caption", "item", "review"}
    texts = {one.text for one in some.train}
    assert texts == {"Mug\nHolds tea.", "杯子\n用来喝茶。", "Good\nKeeps warm for long."}
    assert some.assets == []


def test_no_text_at_all_is_one_sentence(tmp_path: Path) -> None:
    with new_library(tmp_path) as library, pytest.raises(StudioError, match="no texts to learn from"):
        gathered(library)


def test_forbidden_texts_only_say_so(tmp_path: Path) -> None:
    with text_library(tmp_path, made_texts(3)) as library:
        library.assets.set_rights(library.assets.ids(), "restricted")
        with pytest.raises(StudioError, match="rights of all 3 texts"):
            gathered(library)


def test_marks_without_a_word_are_no_text(tmp_path: Path) -> None:
    with (
        text_library(tmp_path, ["!!! ... ---"]) as library,
        pytest.raises(StudioError, match="no texts to learn from"),
    ):
        gathered(library)


def test_mixed_encodings_emoji_nulls_and_right_to_left_are_read(tmp_path: Path) -> None:
    texts = {"gbk.txt": "这个杯子很好用，我天天用它喝茶。".encode("gb18030")}
    texts |= {"utf16.txt": "Straße und Öl".encode("utf-16"), "latin.txt": "caf\xe9 cr\xe8me".encode("cp1252")}
    texts |= {
        "emoji.txt": "😀👨‍👩‍👧 fun".encode(),
        "rtl.txt": "שלום עולם".encode(),
        "nul.txt": b"some words " * 20 + b"\0",
    }
    from support.library import add_files

    folder = tmp_path / "texts"
    folder.mkdir()
    for name, data in texts.items():
        (folder / name).write_bytes(data)
    with new_library(tmp_path) as library:
        add_files(library, *(folder / name for name in texts))
        found = {one.text for one in gathered(library).train}
    assert {"这个杯子很好用，我天天用它喝茶。", "Straße und Öl", "café crème", "שלום עולם"} <= found
    assert any("😀" in text for text in found)
    assert any("words" in text for text in found)


def _different(count: int) -> list[tuple[str, str, str, str]]:
    return [(f"alpha{i}", f"beta{i * 7}", f"gamma{i * 13}", f"delta{i * 31}") for i in range(count)]


def test_the_texts_are_looked_over_before_a_training(tmp_path: Path) -> None:
    with text_library(tmp_path) as library:
        ids = library.assets.ids()
        library.assets.set_rights(ids[:2], "restricted")
        work = Trainings(library, "cpu").dataset_work("text-lm", leave_out=ids[2:3])
        report = DatasetReport.of(run_inline(work))
        assert report.modality == "text"
        assert set(report.assets) <= set(ids[3:])
        assert {one.key for one in report.findings} == {"few", "rights-forbid", "left-out"}
        assert report.level == "warning"
        assert report.held > 0
        library.assets.set_rights(ids, "restricted")
        nothing = DatasetReport.of(run_inline(Trainings(library, "cpu").dataset_work("text-vae")))
    assert nothing.level == "blocker"
    assert "rights" in nothing.findings[0].text
