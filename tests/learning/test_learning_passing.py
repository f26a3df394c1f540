"""What passes a training on the device thread changes none of its weights."""

from __future__ import annotations

from pathlib import Path

import torch

from mmstudio.jobs import JobEvent, JobHandle
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.learning import picture_library


def test_a_picture_drawn_between_its_steps_changes_no_weight(tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        path = library.path
    wish = {"family": "image-vae", "steps": 12, "size": 16, "width": 8, "batch": 4}
    ended: list[str] = []
    with Studio.open(path, settings=Settings(device="cpu")) as studio:
        studio.submit("train", {**wish, "name": "alone"}).result(240)
        drawn: list[JobHandle] = []

        def hear(event: JobEvent) -> None:
            if event.kind == "train" and event.progress is not None and not drawn:
                drawn.append(studio.submit("generate", {"model": "alone", "n": 1, "seed": 3}))
            if event.state == "done":
                ended.append(event.kind)

        studio.runner.subscribe(hear)
        studio.submit("train", {**wish, "name": "passed"}).result(240)
        drawn[0].result(240)
        first, second = (load_weights(studio.trainings.folder(name)) for name in ("alone", "passed"))
    assert ended == ["generate", "train"]
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
