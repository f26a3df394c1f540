"""The commands "set" and "generate" with a joint model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.cli import run
from mmstudio.library import Library
from support.fusion import put_rows
from support.joint_library import item_library, train_joint
from support.latents import add_random_model
from support.media import make_image, make_wav

QUICK = ["--seconds", "1.5", "--size", "64", "--picture-model", "starter-image-gan", "--model", "none"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with item_library(tmp_path_factory.mktemp("shell"), 24) as library:
        library.audiences.add("Runners", "fast and lively")
        first = library.items.ids()[:2]
        library.audiences.add("Fans", liked=first)
        pictures = [library.items.assets_of(item)[0].asset_id for item in first]
        vectors = np.random.default_rng(0).normal(size=(2, 128)).astype(np.float32)
        put_rows(library, "fused", dict(zip(pictures, vectors, strict=True)))
        add_random_model(library, "told", condition={"tags": [], "palette": 0, "vector": 128})
        train_joint(library)
        return library.path


def told(place: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["set", str(place), "--json", *more]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_set_is_written_and_made_once_more_from_its_manifest(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "one"
    found = told(place, capsys, "--item", "S1", "--audience", "Runners", "--out", str(folder), *QUICK)
    (made,) = found["sets"]
    assert [Path(file).suffix for file in made["files"]] == [".png", ".wav", ".txt", ".json"]
    assert made["text"]
    assert made["agreement"]["palette"] < 0.1
    twice = told(place, capsys, "--manifest", made["manifest"], "--out", str(tmp_path / "two"))
    for old, new in zip(made["files"], twice["files"], strict=True):
        assert Path(old).read_bytes() == Path(new).read_bytes()


def test_parts_that_are_given_stay_and_the_set_can_be_kept(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, sound = make_image(tmp_path / "sea.png"), make_wav(tmp_path / "sea.wav", seconds=1.0)
    given = ["--picture", str(picture), "--sound", str(sound)]
    (made,) = told(place, capsys, *given, "--keep", "--model", "none")["sets"]
    assert set(made["assets"]) == {"picture", "sound", "text"}
    with Library.open(place, read_only=True) as library:
        assert library.assets.get(made["assets"]["text"]).kind == "text"
        assert any(str(made["title"]) in one.name for one in library.collections.list())


def test_a_set_with_and_one_without_the_taste_differ_by_the_taste_alone(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--text", "a calm blue evening", "--audience", "Fans", "--strength", "0.6", "--seed", "3"]
    quick = ["--seconds", "1.5", "--size", "64", "--picture-model", "told", "--model", "none"]
    found = told(place, capsys, *asked, "--with-and-without", "--out", str(tmp_path / "both"), *quick)
    without, its = found["sets"]
    assert [without["taste"], its["taste"]] == ["without", "with"]
    assert all("without" in Path(file).parts for file in without["files"])
    assert all("with" in Path(file).parts for file in its["files"])
    plain, liked = (json.loads(Path(one["manifest"]).read_text(encoding="utf-8")) for one in found["sets"])
    assert "taste" not in plain["wish"]
    assert "strength" not in plain["wish"]
    assert liked["wish"]["strength"] == 0.6
    assert liked["palette"] != plain["palette"]
    assert [part["seed"] for part in plain["parts"].values()] == [
        part["seed"] for part in liked["parts"].values()
    ]
    conditions = [one["parts"]["picture"]["recipe"]["point"].get("condition") for one in (plain, liked)]
    assert conditions[0] is None
    assert conditions[1]["vector_share"] == 0.6
    pictures = [next(Path(f) for f in one["files"] if f.endswith(".png")) for one in found["sets"]]
    assert pictures[0].read_bytes() != pictures[1].read_bytes()
    twice = told(place, capsys, "--manifest", its["manifest"], "--out", str(tmp_path / "twice"))
    for old, new in zip(its["files"], twice["files"], strict=True):
        assert Path(old).read_bytes() == Path(new).read_bytes()


@pytest.mark.parametrize(("given", "used"), [(["--strength", "0"], 0.0), ([], 1.0)])
def test_no_strength_at_all_is_not_the_usual_strength(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], used: float
) -> None:
    asked = ["--text", "a calm blue evening", "--audience", "Fans", *given, "--with-and-without"]
    quick = ["--seconds", "1.5", "--size", "64", "--picture-model", "told", "--model", "none"]
    _, its = told(place, capsys, *asked, "--out", str(tmp_path / "both"), *quick)["sets"]
    wish = json.loads(Path(its["manifest"]).read_text(encoding="utf-8"))["wish"]
    assert wish.get("strength", 0.0) == used


def test_generate_with_a_joint_model_makes_the_rest(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = make_wav(tmp_path / "tone.wav", seconds=1.0)
    line = ["--model", "joint", "--sound", str(sound), "--text", "Red boots", "-n", "1"]
    assert run(["generate", str(place), *line, "--out", str(tmp_path / "out"), "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["sets"]
    assert made["text"] == "Red boots"
    manifest = json.loads(Path(made["manifest"]).read_text(encoding="utf-8"))
    assert manifest["parts"]["picture"]["model"] == "joint"
    assert manifest["parts"]["sound"]["recipe"]["by"] == "file"
    assert (
        run(["generate", str(place), "--model", "starter-image-gan", "--sound", str(sound), "--out", "x"])
        == 2
    )
    assert "no joint model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "status", "says"),
    [
        (["--text", " "], 2, "no words"),
        (["--item", "NONE"], 1, "no item"),
        (["--audience", "Nobody"], 1, "no audience"),
        (["--audience", "Runners", "--with-and-without"], 2, "Nothing is known yet about what"),
        (["--text", "sea", "--strength", "0.5"], 2, "taste needs an audience"),
        (["--text", "sea", "--seconds", "0.2"], 2, "seconds long"),
        (["--text", "sea", "--lock", "smell"], 2, "no part"),
        (["--text", "sea", "--part-seed", "sound"], 2, "--part-seed"),
        (["--text", "sea", "--temperature", "5"], 2, "Temperature"),
        (["--picture", "/nowhere/x.png"], 1, "no file"),
        (["--manifest", "/nowhere/x.json"], 1, "no file"),
        (["--text", "sea", "--model", "nothing"], 1, "no model"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(
    line: list[str], status: int, says: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["set", str(place), *line, "--out", str(tmp_path / "out")]) == status
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_set_needs_somewhere_to_go(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["set", str(place), "--text", "sea"]) == 2
    assert "Nowhere to put" in capsys.readouterr().err


def test_generate_with_a_joint_model_makes_one_set_and_writes_what_is_wanted(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = make_image(tmp_path / "a.png", seed=3)
    capsys.readouterr()
    asked = ["generate", str(place), "--model", "joint", "--image", str(picture), "--want", "sound"]
    assert run([*asked, "--out", str(tmp_path / "out"), "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["sets"]
    assert [Path(file).suffix for file in made["files"]] == [".wav", ".json"]
    assert ["2 steps" in note for note in made["notes"]] == [True]
    assert run([*asked[:-1], "smell", "--out", str(tmp_path / "out")]) != 0
    assert "smell" in capsys.readouterr().err


def test_pictures_for_an_audience(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["generate", str(place), "--model", "told", "-n", "1", "--audience", "Fans", "--no-floor"]
    made = []
    for strength in ("0", "1"):
        assert run([*asked, "--strength", strength, "--out", str(tmp_path / strength)]) == 0
        made.append(next((tmp_path / strength).glob("*.png")).read_bytes())
    assert made[0] != made[1]
    refused = (
        (["--between", "1", "2"], "--audience and --between do not go together"),
        (["--model", "starter-sound-vae"], "for pictures alone"),
        (["--model", "joint"], "for pictures alone"),
        (["--model", "starter-image-gan"], "cannot be told what people like"),
        (["--audience", "Nobody"], "no audience"),
    )
    for more, says in refused:
        capsys.readouterr()
        assert run([*asked, *more, "--out", str(tmp_path / "no")]) != 0
        assert says in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
