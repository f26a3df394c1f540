"""A matrix beside other exports in its folder, and stopped while helpers draw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer
from mmstudio.errors import Cancelled, StudioError
from mmstudio.export import Exporter
from mmstudio.export.matrix import matrix_of, matrix_work, read_state
from mmstudio.jobs import JobContext, Progress, Work, run_inline
from support.shop import Shop, make_shop

RECIPE = "product-card"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def work(shop: Shop, out: Path, audiences: list[int | None], helpers: int = 0) -> Work:
    rows = matrix_of(shop.library, [shop.bag], audiences, recipe=RECIPE, channels=["square-card"]).rows
    return matrix_work(
        shop.library, Composer(shop.library, None, None), Exporter(shop.library),
        rows=[row.to_dict() for row in rows], out=out, helpers=helpers,
    )  # fmt: skip


def whole(folder: Path) -> set[str]:
    """Names of the files of a folder, every one of which its manifest lists as it is."""
    listed = set()
    for manifest in folder.glob("*.manifest.json"):
        listed.add(manifest.name)
        for file in json.loads(manifest.read_text("utf-8"))["files"]:
            assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
            listed.add(file["path"])
    return listed


def test_a_single_export_and_a_second_matrix_into_the_folder_of_one_that_runs(
    shop: Shop, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    board = Composer(shop.library, None, None).compose(RECIPE, shop.bag)
    assert board.id is not None
    steps = work(shop, out, [None, shop.audience, shop.chinese])(JobContext(1, {}))
    single = None
    for progress in steps:
        assert isinstance(progress, Progress)
        if progress.done == 1 and single is None:
            with pytest.raises(StudioError, match="Another export is writing"):
                run_inline(work(shop, out, [None]))
            single = run_inline(Exporter(shop.library).work(board.id, ["square-card"], out=out))
            row = next(state for state in read_state(out) if state.state == "done")
            again = run_inline(  # into a row's own folder, under the row's own names
                Exporter(shop.library).work(board.id, ["square-card"], out=out / row.folder)
            )
            assert [Path(file["path"]).name for file in again["files"]] == [row.files[0]["name"]]
    assert [state.state for state in read_state(out)] == ["done"] * 3
    assert single is not None
    assert whole(out) == {Path(single["files"][0]["path"]).name, Path(single["manifest"]).name}
    for state in read_state(out):
        assert {path.name for path in (out / state.folder).iterdir()} == whole(out / state.folder)
    assert not [path for path in out.rglob("*") if ".part" in path.name or path.suffix == ".lock"]


def test_stopped_while_helpers_draw_no_row_is_half(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out"
    audiences = [shop.library.audiences.add(f"A{n}", "") for n in range(9)]
    stop = False
    steps = work(shop, out, list(audiences), helpers=2)(JobContext(1, {}, None, lambda: stop))
    with pytest.raises(Cancelled):
        for progress in steps:
            assert isinstance(progress, Progress)
            stop = progress.done >= 1
    states = read_state(out)
    done = [state for state in states if state.state == "done"]
    assert done
    assert len(done) < len(states)
    for folder in (path for path in out.iterdir() if path.is_dir()):
        assert not [path for path in folder.iterdir() if ".part" in path.name]
    for state in done:
        for file in state.files:
            data = (out / state.folder / file["name"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"]
    result = run_inline(work(shop, out, list(audiences)))
    assert (result["same"], result["done"]) == (len(done), len(states) - len(done))
