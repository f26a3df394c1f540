"""Matrix export: checked first, one folder a row, resumable, cancelled without loss, alone in its folder."""

from __future__ import annotations

import csv
import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmstudio.composition import Composer
from mmstudio.errors import Cancelled, DiskFull, StudioError, UsageError
from mmstudio.export import Exporter
from mmstudio.export.matrix import matrix_of, matrix_work, read_matrix, read_state
from mmstudio.export.matrix.summary import cell
from mmstudio.export.matrix.working import LOCK
from mmstudio.jobs import JobContext, Progress, run_inline
from mmstudio.library import NewItem, NewReview
from support.browser import Browser, browser
from support.shop import Shop, make_shop

__all__ = ["browser"]
CARD = ["square-card"]
RECIPE = "product-ad"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def work(shop: Shop, **params: Any) -> Any:
    params = {"recipe": RECIPE, "channels": CARD, **params}
    return matrix_work(shop.library, Composer(shop.library, None, None), Exporter(shop.library), **params)


def export(shop: Shop, out: Path, **params: Any) -> dict[str, Any]:
    result: dict[str, Any] = run_inline(work(shop, out=out, **params))
    return result


def table(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def problems(shop: Shop, path: Path, text: str) -> list[tuple[int, str]]:
    found = read_matrix(shop.library, table(path, text), recipe=RECIPE)
    return [(problem.number, problem.column) for problem in found.problems]


# --- reading ------------------------------------------------------------------------------------------------


def test_a_table_becomes_rows(shop: Shop, tmp_path: Path) -> None:
    file = table(
        tmp_path / "m.csv",
        "SKU;Audience;Channels;Seed;Headline\n"
        "BAG-1;Weekenders;square-card, captions;3;=1+1\nLAMP-1;周末旅人;;;\n",
    )
    found = read_matrix(shop.library, file, recipe=RECIPE, channels=["wide-card"])
    assert found.problems == ()
    bag, lamp = found.rows
    assert (bag.item_id, bag.audience_id, bag.seed) == (shop.bag, shop.audience, 3)
    assert bag.channels == ("square-card", "captions")
    assert bag.overrides == {"headline": "=1+1"}
    assert (lamp.channels, lamp.audience_id, lamp.recipe) == (("wide-card",), shop.chinese, RECIPE)
    assert bag.folder == "bag-1-weekenders"
    assert found.files() == 3


def test_every_problem_is_listed_with_its_row(shop: Shop, tmp_path: Path) -> None:
    text = (
        "sku,audience,channels,recipe,seed,hero,storyboard\n"
        "BAG-1,Weekenders,,,,,\n"
        "NONE,,,,,,\n"
        "BAG-1,Nobody,teletext,,x,999,\n"
        ",,,,,,\n"
        "BAG-1,,,no-recipe,,,\n"
        ",,,,,,77\n"
        "BAG-1,Weekenders,,,,,\n"
    )
    found = problems(shop, tmp_path / "m.csv", text)
    assert (1, "sku") not in found
    assert {(2, "sku"), (3, "audience"), (3, "channels"), (3, "seed"), (3, "hero"), (4, "recipe")} <= set(
        found
    )
    assert (5, "storyboard") in found
    assert (6, "") in found  # the same as row 1


def test_tables_that_are_none(shop: Shop, tmp_path: Path) -> None:
    assert problems(shop, tmp_path / "a.csv", "") == [(0, "")]
    assert problems(shop, tmp_path / "b.csv", "sku\n") == [(0, "")]
    assert problems(shop, tmp_path / "c.csv", "name,colour\nBag,red\n") == [
        (0, "name"),
        (0, "colour"),
        (0, ""),
    ]
    assert [p.number for p in read_matrix(shop.library, tmp_path / "gone.csv").problems] == [0]
    (tmp_path / "d.csv").write_bytes(b"\x00\xff\xfe\x01" * 50)
    assert read_matrix(shop.library, tmp_path / "d.csv").rows == ()


def test_a_selection_is_every_item_for_every_audience(shop: Shop) -> None:
    found = matrix_of(
        shop.library, [shop.bag, shop.lamp, shop.bag], [shop.audience, shop.chinese], channels=CARD
    )
    assert [(row.item_id, row.audience_id) for row in found.rows] == [
        (shop.bag, shop.audience), (shop.bag, shop.chinese),
        (shop.lamp, shop.audience), (shop.lamp, shop.chinese),
    ]  # fmt: skip
    assert len({row.folder for row in found.rows}) == 4
    assert matrix_of(shop.library, [shop.bag]).rows[0].audience_id is None
    assert [p.column for p in matrix_of(shop.library, [999], [None]).problems] == ["sku"]


def test_folders_are_safe_and_differ(shop: Shop, tmp_path: Path) -> None:
    skus = ["../../etc/passwd", "..\\windows", "CON", "a/b", "A B", "a:b", "=cmd|' /C calc'!A0"]
    shop.library.items.upsert_many([NewItem(sku=sku, title="x") for sku in skus])
    found = matrix_of(shop.library, [i for i in shop.library.items.ids() if i not in (shop.bag, shop.lamp)])
    folders = [row.folder for row in found.rows]
    assert len({folder.lower() for folder in folders}) == len(skus)
    assert not any(set(folder) & set('/\\:*?"<>|=') or ".." in folder for folder in folders)
    assert "con" not in folders


# --- exporting ----------------------------------------------------------------------------------------------


def test_each_row_has_its_folder_and_the_summary_tells(shop: Shop, tmp_path: Path, browser: Browser) -> None:
    shop.library.items.update(shop.lamp, title='=HYPERLINK("x") <script>alert(1)</script>')
    out = tmp_path / "out"
    result = export(
        shop,
        out,
        items=[shop.bag, shop.lamp],
        audiences=[shop.audience],
        channels=["square-card", "captions"],
    )
    assert (result["rows"], result["done"], result["failed"], result["files"]) == (2, 2, 0, 4)
    for row in read_state(out):
        assert row.state == "done"
        assert {Path(file["name"]).suffix for file in row.files} == {".png", ".srt"}
        picture = next(out / row.folder / f["name"] for f in row.files if f["name"].endswith(".png"))
        assert Image.open(picture).size == (1080, 1080)
    lines = list(csv.reader((out / "summary.csv").read_text("utf-8-sig").splitlines()))
    assert len(lines) == 5
    assert all(not value.startswith(("=", "+", "-", "@")) for line in lines for value in line)
    page = browser.open(out / "summary.html")
    assert page.errors == []
    assert all(url.startswith("file://") for url in page.requests)
    load = "i => (i.loading = 'eager', i.decode().then(() => i.naturalWidth))"
    widths = f"Promise.all([...document.images].map({load}))"
    assert page.run(widths) == [1080, 1080]
    assert "2 of 2 rows exported" in page.text()
    page.close()


def test_again_does_only_what_is_missing_or_changed(shop: Shop, tmp_path: Path) -> None:
    out, wanted = tmp_path / "out", {"items": [shop.bag, shop.lamp], "audiences": [shop.audience]}
    export(shop, out, **wanted)
    before = {file: file.stat().st_mtime_ns for file in out.glob("*/*.png")}
    assert export(shop, out, **wanted)["same"] == 2
    assert {file: file.stat().st_mtime_ns for file in out.glob("*/*.png")} == before
    lamp = next(file for file in before if "lamp" in file.name)
    lamp.unlink()
    assert (lambda r: (r["same"], r["done"]))(export(shop, out, **wanted)) == (1, 1)
    assert lamp.is_file()
    shop.library.items.update(shop.bag, price=99.0)
    result = export(shop, out, **wanted)
    assert (result["same"], result["done"]) == (1, 1)
    assert read_state(out)[1].state == "same"
    result = export(shop, out, **{**wanted, "channels": ["captions"]})
    assert result["done"] == 2
    assert list(out.glob("*/*.png")) == []  # what a row makes no more is taken away


def test_a_row_that_fails_says_why_and_stops_no_other(shop: Shop, tmp_path: Path) -> None:
    [bare] = shop.library.items.upsert_many([NewItem(sku="BARE", title="Nothing to see")])
    out = tmp_path / "out"
    result = export(shop, out, items=[bare, shop.bag])
    assert (result["done"], result["failed"]) == (1, 1)
    [failure] = result["failures"]
    assert "has no picture" in failure["message"]
    assert failure["hint"]
    assert read_state(out)[0].state == "failed"
    assert not list((out / "bare").glob("*")) if (out / "bare").exists() else True
    again = export(shop, out, items=[bare, shop.bag])
    assert (again["same"], again["failed"]) == (1, 1)  # tried once more


def test_a_card_with_its_stars_may_leave(shop: Shop, tmp_path: Path) -> None:
    shop.library.items.add_reviews([NewReview(shop.bag, "Fine bag.", f"C{n}", 5.0) for n in range(3)])
    assert export(shop, tmp_path / "out", items=[shop.bag], recipe="product-card")["failures"] == []


def test_a_full_disk_stops_everything_and_leaves_no_half(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    written: list[Path] = []
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.suffix == ".png" and not target.name.startswith("."):
            if written:
                raise OSError(errno.ENOSPC, "No space left on device")
            written.append(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    wanted = {"items": [shop.bag, shop.lamp], "audiences": [shop.audience, shop.chinese]}
    with pytest.raises(DiskFull):
        export(shop, out, **wanted)
    monkeypatch.undo()
    assert [file.name for file in out.rglob("*.png")] == [written[0].name]
    assert not list(out.rglob("*.part*"))
    assert [row.state for row in read_state(out)] == ["done", "failed", "waiting", "waiting"]
    result = export(shop, out, **wanted)
    assert (result["same"], result["done"]) == (1, 3)


def test_wrong_rows_are_refused_before_anything_is_written(shop: Shop, tmp_path: Path) -> None:
    file = table(tmp_path / "m.csv", "sku\nBAG-1\nNONE\n")
    with pytest.raises(UsageError, match="Row 2: There is no item NONE"):
        export(shop, tmp_path / "out", csv=file)
    assert not (tmp_path / "out").exists()
    for folder in ("../evil", "/etc", "a/b", ""):
        row = {**matrix_of(shop.library, [shop.bag]).rows[0].to_dict(), "folder": folder}
        with pytest.raises(UsageError, match="cannot be read"):
            export(shop, tmp_path / "out", rows=[row])


def test_cancelled_in_the_middle_it_keeps_what_is_done_and_goes_on(shop: Shop, tmp_path: Path) -> None:
    out, wanted = (
        tmp_path / "out",
        {"items": [shop.bag, shop.lamp], "audiences": [shop.audience, shop.chinese]},
    )
    stop = False
    context = JobContext(1, {}, None, lambda: stop)
    steps = work(shop, out=out, **wanted)(context)
    with pytest.raises(Cancelled):
        for progress in steps:
            assert isinstance(progress, Progress)
            stop = progress.done >= 1
    states = read_state(out)
    assert [row.state for row in states].count("done") == 1
    assert {row.state for row in states} == {"done", "waiting"}
    assert not (out / LOCK).exists()
    assert not list(out.rglob("*.part*"))
    result = export(shop, out, **wanted)
    assert (result["same"], result["done"]) == (1, 3)


def test_helpers_make_the_same_files(shop: Shop, tmp_path: Path) -> None:
    wanted = {"items": [shop.bag, shop.lamp], "audiences": [shop.audience]}
    export(shop, tmp_path / "here", helpers=0, **wanted)
    export(shop, tmp_path / "there", helpers=1, **wanted)
    one, two = (
        [f["sha256"] for row in read_state(tmp_path / at) for f in row.files] for at in ("here", "there")
    )
    assert one == two
    assert len(one) == 2


def test_two_runs_in_one_folder_are_refused(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = work(shop, out=out, items=[shop.bag])(JobContext(1, {}))
    next(first)
    with pytest.raises(StudioError, match="Another export is writing"):
        export(shop, out, items=[shop.lamp])
    first.close()
    assert export(shop, out, items=[shop.lamp])["done"] == 1


def test_saved_storyboards_go_out_as_they_stand(shop: Shop, tmp_path: Path) -> None:
    composer = Composer(shop.library, None, None)
    board = composer.compose(RECIPE, shop.bag, shop.audience)
    file = table(tmp_path / "m.csv", f"storyboard,channels\n{board.id},square-card\n")
    assert export(shop, tmp_path / "out", csv=file)["done"] == 1
    [kept] = shop.library.exports.list()
    assert kept.storyboard_id == board.id
    assert Path(kept.path).is_file()
    count = len(shop.library.storyboards.list())
    export(shop, tmp_path / "two", items=[shop.lamp])
    assert len(shop.library.storyboards.list()) == count  # not saved unless asked
    export(shop, tmp_path / "three", items=[shop.lamp], keep=True)
    assert len(shop.library.storyboards.list()) == count + 1


def test_a_broken_state_is_begun_anew(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(shop, out, items=[shop.bag])
    for broken in ("", "{", "[]", '{"version": 1, "rows": [{"x": 1}]}', '{"version": 99, "rows": []}'):
        (out / "matrix.json").write_text(broken, "utf-8")
        assert read_state(out) == []
    assert export(shop, out, items=[shop.bag])["done"] == 1
    assert json.loads((out / "matrix.json").read_text("utf-8"))["rows"][0]["state"] == "done"


def test_the_folder_may_be_a_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(StudioError, match="is a file"):
        export(shop, tmp_path / "out", items=[shop.bag])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", " =1", "|calc", "%x"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert str(cell(text)).startswith("'")


def test_other_cells_stay() -> None:
    assert [cell(value) for value in (3, 1.5, "a=b", "")] == [3, 1.5, "a=b", ""]
    assert cell("a\r\nb") == "a  b"
