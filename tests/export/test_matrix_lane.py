"""A matrix does not wait for a training: it runs beside the device, which it asks only to compose."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from mmstudio.jobs import JobContext, Progress
from mmstudio.studio import Studio
from support.shop import make_shop


def test_a_matrix_is_exported_while_the_device_is_busy(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    path = Path(shop.library.path)
    shop.library.close()
    enough = threading.Event()
    steps: list[str] = []

    def training(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        while not enough.wait(0.02):
            steps.append(threading.current_thread().name)
            yield Progress(len(steps), None)
        return {}

    with Studio.open(path) as studio:
        busy = studio.runner.submit("busy", training, lane="device")
        params = {"out": str(tmp_path / "out"), "items": [shop.bag], "recipe": "product-card",
                  "channels": ["square-card"], "helpers": 0}  # fmt: skip
        result = studio.submit("matrix", params).result(300)
        assert (result["done"], result["failed"]) == (1, 0)
        assert steps  # the device worked meanwhile, and goes on
        assert not busy.future.done()
        enough.set()
        busy.result(30)
