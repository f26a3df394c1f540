"""Texts as assets: files, records, lineage, made again, variations and in-betweens; the shell's commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmstudio.cli.app import run
from mmstudio.errors import NotFound, UsageError
from mmstudio.generation import Generation
from mmstudio.generation.texts import TextWish, again
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import load_config
from mmstudio.learning.evaluation.report import MEASURES, Comparison, Evaluation, stored
from mmstudio.library import Library
from support.texts import text_library

TINY = {"width": 32, "vocabulary": 300, "rate": 1e-2}
LM = TINY | {"heads": 2, "layers": 2, "context": 24}
VAE = TINY | {"heads": 2, "layers": 2, "latent": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of texts with a writer and a VAE."""
    where = tmp_path_factory.mktemp("texts")
    with text_library(where) as library:
        trainings = Trainings(library, "cpu")
        run_inline(trainings.train_work("text-lm", "writer", steps=12, batch=4, options=LM))
        run_inline(trainings.train_work("text-vae", "vae", steps=60, batch=4, options=VAE))
        return library.path


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with Library.open(folder) as opened:
        yield opened


@pytest.fixture
def generation(library: Library) -> Generation:
    return Generation(library, Trainings(library, "cpu"))


def test_texts_become_assets_with_a_record_and_are_made_again(generation: Generation) -> None:
    writing = {"prompt": "The red", "temperature": 1.0, "longest": 20}
    result = run_inline(generation.work("writer", 3, 5, writing=writing))
    library = generation.library
    assert len(result["assets"]) == len(result["files"]) == len(result["texts"]) == 3
    for asset_id, made in zip(result["assets"], result["texts"], strict=True):
        asset = library.assets.get(asset_id)
        assert (asset.kind, asset.origin, asset.rights) == ("text", "generated", "own")
        assert library.assets.text_of(asset_id).strip() == made["text"]
        assert made["text"].startswith("The red")
        row = library.generations.of_asset(asset_id)
        assert row is not None
        assert (row.model, row.seed) == ("writer", 5)
        assert row.params["copy_rate"] == pytest.approx(made["copy_rate"], abs=1e-4)
        assert row.params["wish"]["prompt"] == "The red"
        assert generation.again(asset_id) == made["text"]
    assert set(library.assets.tags_of(result["assets"])[result["assets"][0]]) == {"generated", "writer"}


def test_files_in_a_folder_have_their_records_beside_them(generation: Generation, tmp_path: Path) -> None:
    result = run_inline(generation.work("writer", 2, 1, out=tmp_path / "out", add_to_library=False))
    assert [Path(file).read_text(encoding="utf-8").strip() for file in result["files"]] == [
        made["text"] for made in result["texts"]
    ]
    records = json.loads((tmp_path / "out" / "writer-1.json").read_text(encoding="utf-8"))
    assert [record["text"] for record in records] == [made["text"] for made in result["texts"]]
    assert records[0]["digital_source_type"] == "trainedAlgorithmicMedia"
    assert records[0]["wish"]["model"] == "writer"
    assert result["assets"] == []


def test_variations_of_an_asset_name_it_as_their_source(generation: Generation) -> None:
    library = generation.library
    source = library.assets.ids()[0]
    result = run_inline(
        generation.work("vae", 3, 2, like=source, writing={"spread": 1.5, "temperature": 1.0})
    )
    row = library.generations.of_asset(result["assets"][0])
    assert row is not None
    assert list(row.sources) == [source]
    assert row.latent is not None
    assert len(row.latent) == 4 * 8
    assert generation.again(result["assets"][0]) == result["texts"][0]["text"]


def test_what_was_varied_before_words_were_changed_is_made_again_the_same(generation: Generation) -> None:
    writing = {"prompt": "I bought this jacket for my wife.", "words": False}
    before = run_inline(generation.work("starter-text-vae", 1, 3, writing=writing))
    now = run_inline(generation.work("starter-text-vae", 1, 3, writing=writing | {"words": True}))
    assert before["texts"][0]["text"] != now["texts"][0]["text"]
    for made in (before, now):
        assert generation.again(made["assets"][0]) == made["texts"][0]["text"]
    row = generation.library.generations.of_asset(before["assets"][0])
    assert row is not None
    wish = {key: value for key, value in row.params["wish"].items() if key != "words"}
    assert again(generation, replace(row, params=row.params | {"wish": wish})) == before["texts"][0]["text"]


def test_in_betweens_go_from_text_to_text(generation: Generation) -> None:
    made = generation.texts("vae", 4, between=("The red bag is good.", "我用了两天。"), temperature=1.0)
    assert 1 <= len(made) <= 4
    assert all(one.latent is not None for one in made)


def test_a_new_text_of_a_vae_and_the_same_seed(generation: Generation) -> None:
    one = [made.text for made in generation.texts("vae", 3, 4)]
    assert one == [made.text for made in generation.texts("vae", 3, 4)]


def test_a_wish_comes_back_from_json() -> None:
    wish = TextWish("m", 2, 3, "The", between=("a", "b"), stop=("x",), temperature=0.5)
    assert TextWish.of(json.loads(json.dumps(wish.as_json()))) == wish
    assert TextWish.of({"model": "m", "unknown": 1, "temperature": None}) == TextWish("m")


def test_wishes_that_cannot_be_met_are_one_sentence(generation: Generation, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="text writer"):
        generation.texts("writer", 2, between=("a", "b"))
    with pytest.raises(NotFound, match="no file"):
        generation.texts("vae", 2, like=str(tmp_path / "none.txt"))
    with pytest.raises(UsageError, match="at least 1"):
        generation.texts("vae", 0)
    with pytest.raises(UsageError, match="temperature"):
        generation.texts("writer", 1, temperature=9.0)
    with pytest.raises(UsageError, match="no model of texts"):
        generation.texts("starter-image-vae", 1)
    with pytest.raises(UsageError, match="no model of texts"):
        run_inline(generation.work("starter-image-vae", 1, writing={"prompt": "a"}))


def test_a_cancelled_job_keeps_what_is_whole(generation: Generation) -> None:
    from mmstudio.errors import Cancelled

    before = len(generation.library.assets.ids())
    asked = iter([False] * 3 + [True] * 100)
    with pytest.raises(Cancelled):
        run_inline(generation.work("writer", 50, 77), cancelled=lambda: next(asked))
    assert 0 <= len(generation.library.assets.ids()) - before < 50


def test_an_evaluation_tells_of_held_out_texts_variety_and_copies(library: Library) -> None:
    trainings = Trainings(library, "cpu")
    for name in ("writer", "vae"):
        found = Evaluation.of(run_inline(trainings.evaluate_work(name, samples=12)))
        figures = found.figures
        expected = {"bits_per_byte", "perplexity", "train_bits_per_byte", "distinct_1", "distinct_2"}
        expected |= {"distinct_3", "self_bleu", "copy_rate", "real_copy_rate", "real_distinct_1"}
        assert expected - {"self_bleu", "copy_rate"} <= set(figures) or found.notes
        assert figures["held_out"] == len(load_config(trainings.folder(name)).trained["held_texts"])
        assert figures["samples"] == 12
        assert (name == "vae") == ("active_units" in figures)
        assert stored(library, name) == found
        assert "bits_per_byte" in (trainings.folder(name) / "card.md").read_text(encoding="utf-8")
        assert (library.path / "evaluations" / name / "samples.txt").is_file()
    found_again = run_inline(trainings.evaluate_work("writer", samples=12))
    assert found_again["figures"] == stored(library, "writer").figures  # type: ignore[union-attr]


def test_two_text_models_are_compared_by_texts_neither_saw(library: Library) -> None:
    trainings = Trainings(library, "cpu")
    found = Comparison.of(run_inline(trainings.compare_work("writer", "vae", samples=6, seeds=2)))
    assert {"bits_per_byte", "distinct_1"} <= set(found.a.mean)
    assert set(found.better) <= set(MEASURES)
    better = "a" if found.a.mean["bits_per_byte"] < found.b.mean["bits_per_byte"] else "b"
    assert found.better["bits_per_byte"] == better
    with pytest.raises(UsageError, match="two different"):
        run_inline(trainings.compare_work("vae", "vae"))
    with pytest.raises(UsageError, match="different media"):
        run_inline(trainings.compare_work("vae", "starter-image-vae"))


def test_a_name_is_cleaned_or_refused_and_one_step_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with text_library(tmp_path) as library:
        path = str(library.path)
    options = [f"--option={key}={value}" for key, value in (TINY | {"heads": 2, "layers": 1}).items()]
    base = ["train", path, "text-lm", "--steps", "1", "--device", "cpu", *options]
    assert run([*base, "--name", "../evil"]) == 0
    assert capsys.readouterr().out.startswith("Trained evil: one step")
    for name in ("", "  ", "../.."):
        assert run([*base, "--name", name]) == 2
        assert "cannot be a model's name" in capsys.readouterr().err


def test_one_in_between_of_a_row_is_kept_by_itself(generation: Generation) -> None:
    ends = ["The red bag is good.", "The old lamp is good."]
    row = [made.text for made in generation.texts("vae", 4, 2, between=ends)]
    kept = [
        run_inline(generation.work("vae", 4, 2, writing={"between": ends, "only": [place]}))
        for place in (2, 1)
    ]
    assert [one["texts"][0]["text"] for one in kept] == [row[2], row[1]]
    assert all(len(one["assets"]) == 1 for one in kept)
    library = generation.library
    for one, place in zip(kept, (2, 1), strict=True):
        found = library.generations.of_asset(one["assets"][0])
        assert found is not None
        assert found.params["wish"]["between"] == ends
        assert generation.again(one["assets"][0]).strip() == row[place]


def test_the_shell_writes_texts(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    base = ["generate", str(folder), "--out", out, "--device", "cpu"]
    assert run([*base, "--model", "writer", "-n", "2", "--prompt", "The", "--longest", "12", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["texts"]) == 2
    assert all(made["text"].startswith("The") for made in result["texts"])
    assert run([*base, "--model", "vae", "--between", "The red bag.", "The old lamp.", "-n", "3"]) in (0, 1)
    assert "copied" in capsys.readouterr().out
    assert run([*base, "--model", "writer", "--mix", "1:2"]) == 2
    assert "says nothing to it" in capsys.readouterr().err
    assert run([*base, "--model", "starter-image-vae", "--prompt", "a"]) == 2
    assert "writes no texts" in capsys.readouterr().err


def test_the_shell_trains_on_the_texts_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["train", str(folder), "text-lm", "--steps", "1", "--batch", "2", "--name", "words", "--json"]
    for key, value in LM.items():
        line += ["--option", f"{key}={value}"]
    assert run([*line, "--texts", "files", "--device", "cpu"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 1
    assert run(["train", str(folder), "text-lm", "--name", "none", "--texts", "songs"]) == 2
    assert "songs" in capsys.readouterr().err
