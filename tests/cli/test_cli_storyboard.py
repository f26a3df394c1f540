"""`mmstudio storyboard`: what the editor does, by words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli.app import run
from mmstudio.composition import Composer
from support.shop import make_shop


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = make_shop(tmp_path_factory.mktemp("cli") / "shop")
    Composer(shop.library, None, None).compose(
        "product-ad", shop.bag, shop.audience, seed=1, inputs={"model": "none"}
    )
    path = shop.library.path
    shop.library.close()
    return Path(path)


def layer(data: dict[str, Any], scene: str, name: str) -> dict[str, Any]:
    held = next(one for one in data["scenes"] if one["name"] == scene)
    return next(one for one in held["layers"] if one["name"] == name)  # type: ignore[no-any-return]


def test_a_storyboard_is_edited_by_words(lib: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def board(*words: str) -> dict[str, Any]:
        assert run(["storyboard", str(lib), "1", *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)["storyboard"]  # type: ignore[no-any-return]

    first = board("show")
    assert board("edit", "--set", "headline=Away = gone")["copy"]["headline"] == "Away = gone"
    placed = board("place", "--layer", "card/price", "--rect", "0.1,0.2,0.3,0.1")
    assert layer(placed, "card", "price")["rect"] == {"x": 0.1, "y": 0.2, "w": 0.3, "h": 0.1}
    assert (
        board("order", "--layer", "card/price", "--to", "back")["scenes"][2]["layers"][0]["name"] == "price"
    )
    assert run(["storyboard", str(lib), "1", "alternatives", "--layer", "detail/picture", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["alternatives"]
    picked = board("replace", "--layer", "detail/picture", "--pick", "1")
    assert layer(picked, "detail", "picture")["asset_id"] == found[0]["asset"]
    assert board("trim", "--scene", "hero", "--seconds", "2")["scenes"][1]["start"] == 2.0
    assert [s["name"] for s in board("move", "--scene", "1", "--to", "2")["scenes"]][:2] == ["detail", "hero"]
    assert len(board("split", "--at", "1.0")["scenes"]) == 4
    assert board("transition", "--scene", "2", "--kind", "wipe")["scenes"][1]["transition"]["kind"] == "wipe"
    assert (
        layer(board("camera", "--layer", "hero/background", "--kind", "out"), "hero", "background")["motion"][
            "zoom"
        ][1]
        == 1.0
    )
    assert board("sound", "--track", "music", "--gain", "-9")["music"]["gain"] == -9.0
    locked = board("lock", "--slot", "music", "--slot", "detail/picture")
    assert locked["locks"] == ["music"]
    anew = board("reroll", "--seed", "9")
    assert (anew["seed"], anew["music"]) == (9, locked["music"])
    assert layer(anew, "detail", "picture") == layer(locked, "detail", "picture")
    assert anew["copy"]["headline"] == "Away = gone"
    assert board("unlock", "--slot", "music")["locks"] == []
    assert board("delete", "--track", "music")["music"] is None
    assert board("show") != first
    assert run(["storyboard", str(lib), "1"]) == 0
    told = capsys.readouterr().out
    assert "card/price" in told
    assert "Away = gone" in told


REFUSED = [
    ["edit"],
    ["edit", "--set", "headline"],
    ["edit", "--set", "nothing=x"],
    ["place", "--layer", "card/price", "--rect", "1,2"],
    ["place", "--layer", "card/price", "--rect", "nan,0,1,1"],
    ["place", "--rect", "0,0,1,1"],
    ["replace", "--layer", "card/price", "--asset", "1"],
    ["replace", "--layer", "detail/picture", "--asset", "4"],
    ["replace", "--layer", "detail/picture", "--pick", "99"],
    ["lock"],
    ["lock", "--slot", "nobody"],
    ["trim", "--scene", "9", "--seconds", "1"],
    ["trim", "--scene", "1", "--seconds", "0"],
    ["split", "--at", "0.01"],
    ["transition", "--scene", "1", "--kind", "wipe"],
    ["transition", "--scene", "2", "--kind", "swirl"],
    ["sound", "--track", "voice", "--gain", "1"],
    ["delete", "--layer", "card/nobody"],
]


def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    lib: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["storyboard", str(lib), "1", "show", "--json"]) == 0
    before = capsys.readouterr().out
    for words in REFUSED:
        assert run(["storyboard", str(lib), "1", *words]) != 0, words
        told = capsys.readouterr()
        assert told.err.strip(), words
        assert "Traceback" not in told.err
    assert run(["storyboard", str(lib), "1", "show", "--json"]) == 0
    assert capsys.readouterr().out == before
