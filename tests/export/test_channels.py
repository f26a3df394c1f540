"""The presets that exports go by: complete, checked when read, and held to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmstudio.errors import StudioError
from mmstudio.export import channels
from mmstudio.export.channels import chosen, read_channels
from mmstudio.export.options import ExportOptions
from mmstudio.export.writers import writer_of
from support.boards import channel, small_board, written
from support.shop import Shop, make_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("channels") / "shop")
    yield made
    made.library.close()


def test_there_are_twenty_presets_of_every_group_and_each_has_its_writer() -> None:
    presets = channels()
    assert len(presets) >= 20
    assert len({c.name for c in presets}) == len({c.label for c in presets}) == len(presets)
    assert {"social", "video", "web", "banner", "mail", "print", "sound", "text", "edit"} <= {
        c.group for c in presets
    }
    for one in presets:
        assert callable(writer_of(one.kind)), one.name
        assert not one.moves or (one.size and one.fps and one.max_bytes), one.name
    assert {c.loudness for c in presets} >= {-14.0, -23.0}
    assert {c.ratio for c in presets} >= {"1:1", "9:16", "16:9", "4:5", "1.91:1"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('name = "a"\nlabel = "A"\nkind = "bmp"', "bmp"),
        ('name = "a"\nkind = "png"\nsize = [64, 64]', "label"),
        ('name = "a"\nlabel = "A"\nkind = "png"\nsize = [65, 64]', "even"),
        ('name = "a"\nlabel = "A"\nkind = "png"\nsize = [64, 64]\nratio = "2:1"', "1:1"),
        ('name = "a"\nlabel = "A"\nkind = "png"\nsize = [64, 64]\nsafe = [0.5, 0, 0, 0]', "safe"),
        ('name = "a"\nlabel = "A"\nkind = "mp4"', "size"),
        ('name = "a"\nlabel = "A"\nkind = "wav"\nmin_seconds = 9\nmax_seconds = 3', "longest"),
        ('name = "a"\nlabel = "A"\nkind = "wav"\nloudness = 3', "loudness"),
        ('name = "a"\nlabel = "A"\nkind = "png"\nquality = "high"', "high"),
        ('name = "a"\nlabel = "A"\nkind = "png"\ncolour = 3', "colour"),
        ('name = "a"\nlabel = "A"\nkind = "kit"\nholds = ["b"]', "b, which is no channel"),
        (
            'name = "a"\nlabel = "A"\nkind = "srt"\n[[channels]]\nname = "a"\nlabel = "B"\nkind = "srt"',
            "twice",
        ),
        ("name = ", "cannot be read"),
    ],
)
def test_a_wrong_preset_is_named_when_it_is_read(line: str, why: str) -> None:
    with pytest.raises(StudioError, match="channel") as caught:
        read_channels(f"[[channels]]\n{line}\n")
    assert why in str(caught.value)


def test_the_shell_lists_them() -> None:
    from mmstudio.cli.app import app

    shown = CliRunner().invoke(app, ["channels", "--group", "sound", "--json"])
    found = json.loads(shown.stdout)["channels"]
    assert {c["kind"] for c in found} == {"wav", "flac", "mp3", "opus"}
    assert "−23" in CliRunner().invoke(app, ["channels", "--kind", "wav"]).stdout


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "avif", "gif", "mp4", "webm", "mp3", "opus"])
def test_a_file_over_its_limit_is_made_smaller(shop: Shop, tmp_path: Path, kind: str) -> None:
    board = small_board(shop)
    still = kind in ("png", "jpg", "webp", "avif")
    size = {"width": 576, "height": 1008} if still else {}
    first = written(shop, board, tmp_path / "free", channel(kind, **size))[0][0]["bytes"]
    limit = round(first * 0.75)
    files, notes = written(shop, board, tmp_path / "held", channel(kind, max_bytes=limit, **size))
    assert files[0]["bytes"] <= limit
    assert kind in ("mp4", "webm") or any("smaller" in note for note in notes)


@pytest.mark.parametrize("kind", ["png", "wav", "srt"])
def test_a_file_that_cannot_be_made_small_enough_is_refused_with_the_limit(
    shop: Shop, tmp_path: Path, kind: str
) -> None:
    with pytest.raises(StudioError, match=r"larger than its channel allows \(0\.00004 MB\)"):
        written(shop, small_board(shop), tmp_path, channel(kind, max_bytes=40))
    assert list(tmp_path.iterdir()) == []


def test_a_film_too_long_is_refused_or_ends_with_a_scene(shop: Shop, tmp_path: Path) -> None:
    board, short = small_board(shop), channel("mp4", max_seconds=1.0)
    with pytest.raises(StudioError, match="do not fit the channel"):
        written(shop, board, tmp_path, short)
    files, _ = written(shop, board, tmp_path, short, options=ExportOptions(trim=True))
    assert files[0]["seconds"] == 0.8
    assert [c.text for c in board.captions] == ["A picture", "שלום, a shape."]
    with pytest.raises(StudioError, match="do not fit"):
        written(shop, board, tmp_path, channel("mp4", max_seconds=0.5), options=ExportOptions(trim=True))


def test_a_text_too_long_for_the_channel_is_said_and_nothing_else_changes(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    board.copy["headline"] = "word " * 400
    files, notes = written(shop, board, tmp_path, channel("png", copy_length=280))
    assert len(files) == 1
    assert any("too long for PNG, which takes 280" in note for note in notes)


def test_frames_and_loudness_follow_the_channel(shop: Shop, tmp_path: Path) -> None:
    files, _ = written(
        shop, small_board(shop), tmp_path, channel("mp4", fps=5), channel("wav", loudness=-23.0)
    )
    import av

    with av.open(files[0]["path"]) as film:
        assert film.streams.video[0].average_rate == 5
    assert abs(files[1]["lufs"] + 23) < 0.3


def test_channels_are_chosen_once_in_order() -> None:
    assert [c.name for c in chosen(["captions", "sound", "captions"])] == ["captions", "sound"]
    own = channel("png")
    assert chosen([own, own]) == [own]
