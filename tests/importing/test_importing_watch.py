from __future__ import annotations

import threading
from pathlib import Path

from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import Watcher, import_work, rescan_work
from support.media import make_jpeg


def test_a_new_file_below_a_watched_folder_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    make_jpeg(folder / "first.jpg")
    with Library.create(tmp_path / "My.mmlib") as library:
        seen: list[Path] = []
        happened = threading.Event()

        def on_change(paths: list[Path]) -> None:
            seen.extend(paths)
            happened.set()

        with Watcher(library, on_change) as watcher:
            assert watcher.folders() == []
            run_inline(import_work(library, [folder]))
            assert watcher.folders() == [folder.resolve()]
            for index in range(40):  # the system needs a moment before it reports
                make_jpeg(folder / f"second-{index}.jpg", seed=index)
                if happened.wait(0.5):
                    break
            assert happened.is_set()
        assert any(path.name.startswith("second") for path in seen)
        assert run_inline(rescan_work(library))["added"] >= 1
