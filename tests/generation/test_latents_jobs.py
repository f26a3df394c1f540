"""Jobs on points: files and assets with a full recipe, made again to the bit; films; training undisturbed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import NotFound, ReadOnly, UsageError
from mmstudio.generation import Generation
from mmstudio.generation.latents import Point
from mmstudio.jobs import JobRunner, run_inline
from mmstudio.learning import Trainings
from mmstudio.library import Library
from mmstudio.media import metadata
from support.latents import add_random_model
from support.learning import drive, make_trainer, tiny_config
from support.libraries import new_library

POINTS = {
    "a seed": Point(3),
    "truncated": Point(3, 0.6),
    "mixed": Point(3, fine_seed=4, fine_from=1),
    "a base": Point(1, base=[0.25] * 24),
    "told": Point(2, condition={"tags": ["cat"]}),
    "moved": Point(5, sliders={"lighter": 1.25}),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with new_library(tmp_path_factory.mktemp("play")) as library:
        add_random_model(library, "gan", condition={"tags": ["cat"], "palette": 0, "vector": 0})
        add_random_model(library, "wide", "image-vae", aspect=1.5)
        yield library


@pytest.fixture(scope="module")
def generation(library: Library) -> Generation:
    made = Generation(library, Trainings(library, "cpu"))
    for _ in made.player("gan").find_sliders():
        pass
    return made


@pytest.mark.parametrize("what", POINTS)
def test_a_saved_point_is_made_again_bit_for_bit(what: str, generation: Generation, library: Library) -> None:
    point = POINTS[what]
    drawn = generation.player("gan").draw(point)
    result = run_inline(generation.draw_work(model="gan", point=point.as_json()))
    json.dumps(result)
    with Image.open(result["files"][0]) as kept:
        assert np.array_equal(np.asarray(kept.convert("RGB")), drawn)
    again = Generation(library, Trainings(library, "cpu")).again(result["assets"][0])
    assert isinstance(again, Image.Image)
    assert np.array_equal(np.asarray(again), drawn)
    row = library.generations.of_asset(result["assets"][0])
    assert row is not None
    assert Point.of(row.params["point"]) == point


def test_the_recipe_is_in_the_file_and_draws_it_again(generation: Generation, tmp_path: Path) -> None:
    points = [Point(8, 0.9).as_json(), Point(9, fine_seed=1, fine_from=2).as_json()]
    result = run_inline(generation.draw_work(model="gan", points=points, out=tmp_path))
    assert result["assets"] == []
    for file, data in zip(result["files"], points, strict=True):
        record = metadata.read_stamp(file)
        assert record["digital_source_type"] == metadata.TRAINED
        assert (record["model"], record["point"]) == ("gan", data)
        assert record["weights"] == generation.player("gan").fingerprint
        with Image.open(file) as kept:
            drawn = generation.player("gan").draw(Point.of(record["point"]))
            assert np.array_equal(np.asarray(kept.convert("RGB")), drawn)


def test_a_model_of_another_shape_is_saved_in_it(generation: Generation, tmp_path: Path) -> None:
    file = run_inline(generation.draw_work(model="wide", point={"seed": 1}, out=tmp_path))["files"][0]
    many = run_inline(generation.work("wide", n=1, seed=1, floor=False))
    for path in (file, many["files"][0]):
        with Image.open(path) as kept:
            assert kept.size == (24, 16)
    with Image.open(many["files"][0]) as kept:
        assert np.array_equal(np.asarray(kept), np.asarray(generation.again(many["assets"][0])))
    assert generation.images("wide", 1)[0].size == (24, 16)


@pytest.mark.parametrize(
    "wish",
    [
        {"truncation": 0.5},
        {"sliders": {"darker": 1.0}},
        {"tags": ["cat"]},
        {"tags": ["cat"], "sliders": {"lighter": 1.0, "found:1": 1.0}},
    ],
)
def test_steered_results_can_be_made_again(wish: dict[str, Any], generation: Generation) -> None:
    plain = run_inline(generation.work("gan", n=2, seed=6, floor=False))
    result = run_inline(generation.work("gan", n=2, seed=6, floor=False, **wish))
    for asset, before in zip(result["assets"], plain["assets"], strict=True):
        again = np.asarray(generation.again(asset))
        with Image.open(generation.library.assets.path_of(generation.library.assets.get(asset))) as kept:
            assert np.array_equal(np.asarray(kept.convert("RGB")), again)
        assert not np.array_equal(again, np.asarray(generation.again(before)))


def test_raw_samples_are_the_drawn_ones_in_order(generation: Generation) -> None:
    import torch

    model = generation.trainings.load("gan")
    result = run_inline(generation.work("gan", n=20, seed=4, floor=False))
    assert result["rejected"] == result["below_floor"] == 0
    random = torch.Generator().manual_seed(4)
    wanted = model.pictures(torch.cat([model.draw(16, random), model.draw(16, random)]))
    for file, pixels in zip(result["files"], wanted, strict=False):
        with Image.open(file) as kept:
            assert np.array_equal(np.asarray(kept), pixels)


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_loop_becomes_a_film_that_says_what_it_is(
    suffix: str, generation: Generation, tmp_path: Path
) -> None:
    out = tmp_path / f"loop{suffix}"
    points = [Point(seed).as_json() for seed in (1, 2)]
    work = generation.film_work(model="gan", points=points, frames=12, fps=12, size=64, out=out)
    result = run_inline(work)
    assert result == {"files": [str(out)], "assets": [], "frames": 12}
    record = metadata.read_stamp(out)
    assert record["digital_source_type"] == metadata.TRAINED
    assert (record["kind"], record["points"], record["frames"]) == ("loop", points, 12)
    with av.open(str(out)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert float(film.duration or 0) / av.time_base == pytest.approx(1.0, abs=0.1)
    assert len(frames) == 12
    assert frames[0].shape == (64, 64, 3)
    steps = [np.abs(frames[i].astype(int) - frames[(i + 1) % 12]).mean() for i in range(12)]
    metadata.stamp(out, {"title": "another", "digital_source_type": metadata.COMPOSITE})
    assert metadata.read_stamp(out)["title"] == "another"
    assert steps[-1] < 2 * np.median(steps)  # no jump where it starts over
    drawn = np.asarray(Image.fromarray(generation.player("gan").draw(Point(1))).resize((64, 64)))
    assert np.abs(frames[0].astype(int) - drawn).mean() < 12


def test_a_film_goes_into_the_library_in_the_shape_of_its_model(generation: Generation) -> None:
    work = generation.film_work(model="wide", points=[{"seed": 3}], frames=5, size=32)
    result = run_inline(work)
    asset = generation.library.assets.get(result["assets"][0])
    assert (asset.kind, asset.width, asset.height, asset.origin) == ("video", 48, 32, "generated")
    row = generation.library.generations.of_asset(asset.id)
    assert row is not None
    assert row.params["points"] == [{"seed": 3}]


def test_a_projection_gives_a_point_and_a_file(generation: Generation, tmp_path: Path) -> None:
    drawn = run_inline(generation.draw_work(model="wide", point={"seed": 2}))
    work = generation.project_work(model="wide", picture=drawn["assets"][0], out=tmp_path)
    result = run_inline(work)
    json.dumps(result)
    assert 0 <= result["distance"] < 0.5
    assert Path(result["files"][0]).is_file()
    assert Point.of(result["point"]).base


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda g, out: g.draw_work(model="gan", out=out), UsageError),
        (lambda g, out: g.draw_work(model="gan", point={"seed": "?"}, out=out), UsageError),
        (lambda g, out: g.draw_work(model="gan", point={"sliders": {"no": 1}}, out=out), UsageError),
        (lambda g, out: g.draw_work(model="gan", point={"condition": {"tags": ["?"]}}, out=out), UsageError),
        (lambda g, out: g.draw_work(model="gone", point={}, out=out), NotFound),
        (lambda g, out: g.draw_work(model="gan", point={}, add_to_library=False), UsageError),
        (lambda g, out: g.work("gan", n=1, out=out, truncation=9.0), UsageError),
        (lambda g, out: g.work("wide", n=1, out=out, palette=[[1, 2, 3]]), UsageError),
        (lambda g, out: g.film_work(model="gan", points=[], out=out / "a.mp4"), UsageError),
        (lambda g, out: g.film_work(model="gan", points=[{}], out=out / "a.txt"), UsageError),
        (lambda g, out: g.film_work(model="gan", points=[{}], fps=0, out=out / "a.mp4"), UsageError),
        (lambda g, out: g.film_work(model="gan", points=[{}], frames=1, out=out / "a.mp4"), UsageError),
        (lambda g, out: g.film_work(model="gan", points=[{}], size=3, out=out / "a.mp4"), UsageError),
        (lambda g, out: g.project_work(model="gan", picture=str(out / "no.png")), NotFound),
    ],
)
def test_impossible_wishes_are_sentences_and_leave_nothing(
    call: Any, error: type[Exception], generation: Generation, tmp_path: Path
) -> None:
    with pytest.raises(error):
        run_inline(call(generation, tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_library_for_reading_only_can_be_played_with_but_not_saved_to(
    generation: Generation, library: Library, tmp_path: Path
) -> None:
    with Library.open(library.path, read_only=True) as reading:
        made = Generation(reading, Trainings(reading, "cpu"))
        assert np.array_equal(made.player("gan").draw(Point(1)), generation.player("gan").draw(Point(1)))
        assert run_inline(made.draw_work(model="gan", point={}, out=tmp_path))["files"]
        with pytest.raises(ReadOnly):
            run_inline(made.draw_work(model="gan", point={}))


def test_a_training_resumed_while_sliders_and_previews_run_ends_in_the_same_weights(
    tmp_path: Path, generation: Generation
) -> None:
    config = tiny_config("image-gan", steps=6)
    alone = make_trainer(tmp_path / "alone", config)
    drive(alone)

    player = generation.player("gan")
    runner = JobRunner()
    asked = drawn = 0

    def half(until: int, resume: bool) -> None:
        nonlocal asked, drawn
        trainer = make_trainer(tmp_path / "played", config, resume=resume)
        futures = []

        def work(context: Any) -> Any:
            nonlocal asked
            run = trainer.run(context)
            for progress in run:
                # Asked for from another thread in the window; the runner serves it before the next piece.
                point = Point(asked, sliders={"lighter": asked % 3 - 1.0})
                futures.append(runner.ask(f"slider-{asked}", lambda p=point: player.draw(p)))
                futures.append(runner.ask(f"many-{asked}", lambda p=point: player.vary(p, 2, p.seed)))
                asked += 1
                yield progress
                if progress.done >= until and (progress.data or {}).get("losses"):
                    run.close()
                    return None
            return None

        runner.submit("train", work, lane="device").result(120)
        for future in futures:
            future.result(60)
            drawn += 1

    half(3, resume=False)
    half(6, resume=True)
    assert runner.close()
    assert drawn == 2 * asked > 12
    expected = alone.task.weights()
    played = make_trainer(tmp_path / "played", config, resume=True)
    assert played.step == 6
    for name, tensor in played.task.weights().items():
        assert bool((tensor == expected[name]).all()), name
