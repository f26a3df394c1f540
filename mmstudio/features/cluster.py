"""Feature extraction on several computers that Ray has joined (extra ``cluster``).

Each computer reads the library's files itself, so the folder must lie at the same path on all of them (a
network disk); only vectors travel back, and only this computer writes the library. Ray moves Python objects:
use it in a network whose computers trust each other.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio import __version__
from mmstudio.errors import MediaError, StudioError
from mmstudio.features.device import choose_device
from mmstudio.features.extractors import build, infos
from mmstudio.features.loading import load_media
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mmstudio.features.contract import Extractor
    from mmstudio.features.records import ExtractorInfo
    from mmstudio.library.records import Asset, Facts

log = logging.getLogger(__name__)
_CORES_PER_READER = 2
_KNOCK_SECONDS = 5.0
_START_SECONDS = 120.0  # for a computer to load the networks' program
_OTHER_PROGRAM = mark("It has another version of MM Studio.")
_OTHER_WEIGHTS = mark("It has other weights.")
_NO_FOLDER = mark("It does not see the library's folders.")
_NO_START = mark("MM Studio does not start there.")


@dataclass(frozen=True, slots=True)
class FarRow:
    """What a reader sent back for one file and one extractor."""

    row: NDArray[np.float32]
    facts: Facts | None


class Reader:
    """Runs on a computer of the cluster: a file in, vectors out. One file at a time."""

    def __init__(self) -> None:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._extractors = build(choose_device("auto"))

    def about(self, folders: Sequence[str]) -> tuple[str, dict[str, str], bool]:
        """(version of the program, extractor → what its vectors depend on, whether it sees the folders)."""
        return __version__, _depends(), all(Path(folder).is_dir() for folder in folders)

    def read(
        self,
        modality: str,
        path: Path,
        size: tuple[int | None, int | None],
        seconds: float | None,
        side: int,
        names: Sequence[str],
    ) -> dict[str, FarRow] | Exception:
        """float32[D] per extractor, or the error that a person is to read."""
        try:
            media = load_media(modality, path, side, size, seconds)
            return {name: self._row(self._extractors[name], media) for name in names}
        except (MediaError, OSError, ValueError, MemoryError, ArithmeticError) as error:
            return error

    @staticmethod
    def _row(extractor: Extractor, media: Any) -> FarRow:
        prepared = extractor.prepare(media)
        row = np.asarray(extractor.forward([prepared])[0], np.float32)
        facts_of = getattr(extractor, "facts_of", None)
        return FarRow(row, None if facts_of is None else facts_of(prepared))


class FarExtractor:
    """Stands for an extractor whose rows come finished from elsewhere."""

    def __init__(self, near: Extractor) -> None:
        self.info: ExtractorInfo = near.info
        self.side, self.batch_size = near.side, 32
        if (facts := getattr(near, "facts", None)) is not None:
            self.facts = facts
        if hasattr(near, "facts_of"):
            self.facts_of = self._facts_of

    def prepare(self, media: Any) -> Any:
        """Nothing is left to do."""
        return media

    def forward(self, batch: list[FarRow]) -> NDArray[np.float32]:
        """float32[len(batch), D] of the rows that came."""
        return np.stack([far.row for far in batch])

    @staticmethod
    def _facts_of(prepared: FarRow) -> Facts:
        from mmstudio.library.records import Facts

        return replace(prepared.facts) if prepared.facts is not None else Facts(0)


class Cluster:
    """The computers at an address, ready to read files; a context manager.

    Args:
        address: "auto" (the cluster that this computer belongs to), "local" (one of this computer alone, to
            try it) or "host:port" of the head.
        folders: where the media lie, which every computer must see.
        extractors: their parameters must be the same everywhere.

    Raises:
        StudioError: Ray is not installed, there is no cluster, or none of its computers can be used.
    """

    def __init__(self, address: str, folders: Sequence[Path], extractors: Sequence[Extractor]) -> None:
        self._ray = _connected(address)
        self.left_out: list[tuple[str, str]] = []  # (computer, reason)
        self.computers: set[str] = set()
        self._lock = threading.Lock()
        try:
            self._readers = self._started(folders, {one.info.name for one in extractors})
        except BaseException:
            self.close()
            raise
        self._turn = itertools.count()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def readers(self) -> int:
        """How many files are read at once."""
        return len(self._readers)

    def close(self) -> None:
        """Let go of the computers; a cluster that was there before stays."""
        self._ray.shutdown()

    def prepare(
        self, modality: str, path: Path, asset: Asset, side: int, names: Sequence[str]
    ) -> dict[str, FarRow]:
        """One file, read by the computer whose turn it is; another takes over from one that went away.

        Raises: what the reader met; StudioError where no computer is left.
        """
        turn = next(self._turn)
        while True:
            with self._lock:
                if not self._readers:
                    raise StudioError(
                        "No computer of the cluster answers any more.",
                        hint="What was extracted is kept. Run it again, with or without the cluster.",
                    )
                reader = self._readers[turn % len(self._readers)]
            size = (asset.width, asset.height)
            try:
                answer = self._ray.get(
                    reader.read.remote(modality, path, size, asset.duration, side, tuple(names))
                )
            except self._ray.exceptions.RayError as error:
                log.info("a reader is gone: %s", error)
                with self._lock:
                    self._readers = [one for one in self._readers if one is not reader]
                continue
            if isinstance(answer, FileNotFoundError) and path.exists():
                raise MediaError(
                    "Another computer was to read this file and does not see it.", status="unread"
                )
            if isinstance(answer, Exception):
                raise answer
            found: dict[str, FarRow] = answer
            return found

    def _started(self, folders: Sequence[Path], names: set[str]) -> list[Any]:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        remote = self._ray.remote(Reader)
        begun: list[tuple[str, Any]] = []
        for node in self._ray.nodes():
            if not node["Alive"]:
                continue
            cards = int(node["Resources"].get("GPU", 0))
            count = cards or max(1, int(node["Resources"].get("CPU", 1)) // _CORES_PER_READER)
            # Only graphics cards are asked for: cores are shared with what else runs there.
            begun += [
                (
                    node["NodeManagerHostname"],
                    remote.options(
                        num_cpus=0,
                        num_gpus=1 if cards else 0,
                        scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
                    ).remote(),
                )
                for _ in range(count)
            ]
        here = {name: f"{info.version} {info.parameters}" for name, info in infos().items() if name in names}
        asked = [
            (host, reader, reader.about.remote([str(folder) for folder in folders])) for host, reader in begun
        ]
        usable = []
        for host, reader, answer in asked:
            try:
                version, known, sees = self._ray.get(answer, timeout=_START_SECONDS)
            except (self._ray.exceptions.RayError, self._ray.exceptions.GetTimeoutError) as error:
                log.info("%s: %s", host, error)
                self._leave_out(host, tr(_NO_START))
                continue
            if version != __version__:
                self._leave_out(host, tr(_OTHER_PROGRAM))
            elif not sees:
                self._leave_out(host, tr(_NO_FOLDER))
            elif any(known.get(name) != parameters for name, parameters in here.items()):
                self._leave_out(host, tr(_OTHER_WEIGHTS))
            else:
                usable.append(reader)
                self.computers.add(host)
        if not usable:
            host, reason = self.left_out[0] if self.left_out else ("", tr(_NO_START))
            raise StudioError(
                "No computer of the cluster can be used. {host}: {reason}",
                hint="Install the same MM Studio on each; the library's folders need the same path on all.",
                host=host,
                reason=reason,
            )
        return usable

    def _leave_out(self, host: str, reason: str) -> None:
        if (host, reason) not in self.left_out:
            self.left_out.append((host, reason))


def _depends() -> dict[str, str]:
    """Extractor → what its vectors depend on."""
    return {name: f"{info.version} {info.parameters}" for name, info in infos().items()}


def _connected(address: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would call home
    try:
        import ray
    except ImportError as error:
        raise StudioError(
            "Ray, which joins several computers, is not installed here.",
            hint='Install it with: pip install "mmstudio[cluster]". The installers do not carry it.',
        ) from error
    import ray.exceptions

    # Another Ray of this process would be shut down with ours.
    if ray.is_initialized():
        raise StudioError("This program uses a cluster already.", hint="Wait until that has ended.")
    try:
        if ":" in address:  # Ray itself would try for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_SECONDS).close()
        ray.init(
            address=address,
            namespace="mmstudio",
            include_dashboard=False if address == "local" else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise StudioError(
            "There is no cluster at {address}.",
            hint="On one computer run: ray start --head. On the others and on this one: "
            "ray start --address=THAT-COMPUTER:6379",
            address=address,
        ) from error
    return ray
