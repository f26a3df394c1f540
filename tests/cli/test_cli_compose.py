"""`mmstudio recipes` and `mmstudio compose` with every kind of input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli.app import run
from support.libraries import add_asset
from support.media import make_png, make_wav
from support.shop import make_shop, scene_photo


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    shop = make_shop(folder / "shop")
    add_asset(shop.library, scene_photo(folder / "shop" / "media" / "boat.png"), width=480)
    path = Path(shop.library.path)
    shop.library.close()
    return path


def composed(capsys: pytest.CaptureFixture[str], lib: Path, *words: str) -> dict[str, Any]:
    assert run(["compose", str(lib), *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["storyboard"]
    return found


def test_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    by_name = {one["name"]: one for one in listed["recipes"]}
    assert {"product-ad", "product-card", "story", "trailer", "music-video", "email"} <= set(by_name)
    assert by_name["music-video"]["needs"] == ["track"]
    assert by_name["story"]["options"]["scenes"]["possible"] == "0 … 8"
    assert listed["broken"] == []
    assert run(["recipes"]) == 0
    assert "product-card" in capsys.readouterr().out


def test_a_broken_recipe_of_ones_own_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MMSTUDIO_HOME", str(tmp_path))
    from mmstudio.composition.recipe import recipe_folders

    folder = recipe_folders()[-1] / "mine"
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text("name = 3", "utf-8")
    assert run(["recipes"]) == 0
    assert "mine" in capsys.readouterr().err
    assert run(["recipes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["broken"][0]["name"] == "mine"


def test_a_story_from_words_a_file_and_pictures(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = composed(
        capsys, lib, "--recipe", "story", "--text", "Rain falls. Sun comes.", "--picture", "boat",
        "--title", "Weather", "--option", "pictures=none", "--model", "none",
    )  # fmt: skip
    assert words["copy"]["title"] == "Weather"
    assert words["inputs"]["options"] == {"pictures": "none"}
    outline = tmp_path / "outline.txt"
    outline.write_text("- 清晨的光。\n- 雨天的海。\n- 夜里的灯。", "utf-8")
    new = make_png(tmp_path / "new.png", (96, 64))
    file = composed(
        capsys, lib, "--recipe", "story", "--text", str(outline), "--picture", str(new), "--locale", "zh-CN",
        "--option", "pictures=none", "--model", "none", "--words", "scene2.line=夜里。",
    )  # fmt: skip
    assert file["locale"] == "zh-CN"
    assert file["copy"]["scene1.line"] == "清晨的光。"
    assert file["copy"]["scene2.line"] == "夜里。"
    assert file["inputs"]["asset_ids"]  # the new file was taken into the library


def test_a_catalogue_of_several_items_and_an_ad_with_a_track(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = composed(
        capsys, lib, "--recipe", "catalogue-page", "--item", "BAG-1", "--item", "LAMP-1", "--model", "none"
    )
    assert pages["inputs"]["item_ids"] == [1, 2]
    sound = make_wav(tmp_path / "song.wav", seconds=2.0, frequency=300.0)
    ad = composed(
        capsys, lib, "--item", "BAG-1", "--track", str(sound), "--headline", "Away", "--model", "none"
    )
    assert ad["copy"]["headline"] == "Away"
    assert ad["music"]["asset_id"] == ad["inputs"]["track_id"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--recipe", "nowhere"], "no recipe named nowhere"),
        (["--recipe", "story"], "needs a text"),
        (["--recipe", "music-video", "--track", "nothing"], "no picture or sound called nothing"),
        (["--recipe", "story", "--text", "Hi.", "--option", "scenes=99"], "scenes cannot be 99"),
        (["--recipe", "story", "--text", "Hi.", "--option", "scenes"], "NAME=VALUE"),
        (["--recipe", "story", "--text", "Hi.", "--words", "nope=1"], "cannot be changed"),
        (["--item", "NO-SUCH"], "no item with the sku"),
        (["--recipe", "story", "--text", "Hi.", "--picture", "99999"], "99999"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    lib: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(["compose", str(lib), *words]) != 0
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
