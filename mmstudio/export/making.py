"""One storyboard made into the files of its channels: prepared, drawn, held to limits, marked, listed."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard, reframe
from mmstudio.errors import MediaError, NotFound, StudioError
from mmstudio.export.channels import Channel
from mmstudio.export.fitting import fitted, steps_of
from mmstudio.export.options import ExportOptions
from mmstudio.export.privacy import prepare
from mmstudio.export.provenance import finish, record_of, storyboard_hash
from mmstudio.export.writer import OutputFolder, printable
from mmstudio.export.writers import FLEXIBLE, Task, suffix_of, writer_of
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition.render import Renderer
    from mmstudio.composition.render.pictures import Pictures
    from mmstudio.export.compliance import Check
    from mmstudio.library import Library

_STILL = frozenset({"png", "jpg", "webp", "avif", "svg"})
_KEEP_BYTES = 48 * 2**20  # of prepared scenes: those of a short ad, a few of a film with many
_TRIES = 5  # the first, and four with less quality


class Making:
    """Files of one storyboard as it stands. Texts are masked and faces blurred once, for all channels.

    Raises (from the start): NotFound where a picture is gone.
    """

    def __init__(
        self,
        library: Library,
        board: Storyboard,
        options: ExportOptions,
        pictures: Pictures | None = None,
    ) -> None:
        self.library, self.options = library, options
        self.original = board
        self.checks: list[Check] = []  # of the compliance page, as they were when it left
        self.notes = missing(library, board)
        prepared = prepare(library, board, options)
        self.board = prepared.board
        self.notes += prepared.report
        # what is masked in the texts is masked in the record; the hash is of the board as it is kept
        self.record = record_of(self.board, options.market)
        if options.mask_personal or self.board.label != board.label:
            self.record["storyboard"] = storyboard_hash(board)
        self.record["title"] = printable(str(self.record["title"]))
        self.notes += self._fonts()
        self._pictures = pictures
        self._touch = prepared.touch
        self.hidden = prepared.record  # the de-identification report
        self._renderers: dict[tuple[tuple[int, int], float, int], Renderer] = {}

    def _fonts(self) -> list[str]:
        """Record the font files the texts are drawn with; notes on fonts that are gone, letters none has."""
        from mmstudio.composition.render import fonts

        notes = fonts.changed(self.board)
        notes += [
            tr("No font has {characters} of “{text}”.", characters=" ".join(m.characters), text=m.text[:60])
            for m in fonts.missing_glyphs(self.board)
        ]
        self.board = replace(self.board, fonts=fonts.resolve(self.board))
        return notes

    def files(
        self, channels: Sequence[Channel], folder: OutputFolder, base: str, *, remember: bool = True
    ) -> Iterator[int]:
        """Write the channels' files, named ``BASE-CHANNEL.SUFFIX``; yields the steps done of :meth:`steps`.

        Each file is whole or absent; those of finished channels stay when the iterator is closed. With
        ``remember`` the library's list of exports gets a line for each.
        """
        done = 0
        for channel in channels:
            for step in self._write(channel, folder, base, remember):
                yield done + step
            done += steps_of(self.board, channel, self.options)
            yield done

    def steps(self, channels: Sequence[Channel]) -> int:
        """Steps that writing these channels takes."""
        return sum(steps_of(self.board, channel, self.options) for channel in channels)

    def _write(self, channel: Channel, folder: OutputFolder, base: str, remember: bool) -> Iterator[int]:
        board = fitted(self.board, channel, self.options)
        name = file_name(base, channel)
        started = time.monotonic()
        facts: dict[str, Any] = {"channel": channel.name, "kind": channel.kind}
        if channel.size is not None:
            facts |= {"width": channel.width, "height": channel.height}
        with folder.file(name, **facts) as path:
            task = Task(
                board=board,
                channel=channel,
                library=self.library,
                path=path,
                options=self.options,
                renderer=lambda: self._renderer(board, channel),
                encoding={"quality": channel.quality},
                others=lambda more, place: self.files(more, place, base, remember=False),
            )
            beside = yield from self._within_limit(task, name)
        folder.files[-1].update(task.facts)
        if beside is not None:  # a signature that the format cannot hold inside
            with folder.file(f"{name}.c2pa", channel=channel.name, kind="c2pa") as path:
                path.write_bytes(beside)
        self.notes += [note for note in task.notes if note not in self.notes]
        if remember:
            listed = next(f for f in reversed(folder.files) if Path(f["path"]).name == name)
            self._remember(listed, time.monotonic() - started)

    def _within_limit(self, task: Task, name: str) -> Generator[int, None, bytes | None]:
        """Write and mark the file, and again with less quality while it is over the limit of its channel.

        Returns a signature that goes beside it.
        """
        write, limit, before, reached = writer_of(task.channel.kind), task.channel.max_bytes, 0, 0
        total = steps_of(self.board, task.channel, self.options)
        for attempt in range(_TRIES):
            for step in write(task):
                reached = max(reached, min(step, total))  # a second try does not move the bar back
                yield reached
            bare = task.path.stat().st_size
            beside = finish(task.path, self.record, task.board, self.options, library=self.library)
            size = task.path.stat().st_size
            if not limit or size <= limit:
                if attempt:
                    task.notes.append(
                        tr("{name} was made smaller to fit its channel ({limit} MB).", name=name,
                           limit=_megabytes(limit))
                    )  # fmt: skip
                return beside
            if task.channel.kind not in FLEXIBLE:
                break
            share = 0.7 if size == before else min(max(task.room / bare, 0.4), 0.9)
            before, task.marks = size, size - bare
            task.encoding["quality"] = max(task.quality * share, 0.02)
        raise _too_large(name, task.channel)

    def _renderer(self, board: Storyboard, channel: Channel) -> Renderer:
        from mmstudio.composition.render import Renderer

        size = channel.size or board.size
        key = (size, board.duration, board.fps)
        if key not in self._renderers:
            shaped = board if size == board.size else reframe(board, size)
            self._renderers.clear()  # one canvas is kept ready: memory stays flat over many channels
            self._renderers[key] = Renderer(shaped, self.library, self._pictures_made(), keep=_KEEP_BYTES)
        renderer = self._renderers[key]
        if channel.kind in _STILL:
            renderer.moment(board.card_time)  # of a card only the last scene is made ready
        else:
            renderer.prepare()
        for asset_id, why in renderer.problems.items():
            raise MediaError(
                "The picture {title} cannot be read: {why}",
                hint="Choose another picture.",
                title=self.library.assets.get(asset_id).title,
                why=why,
            )
        return renderer

    def _pictures_made(self) -> Pictures:
        if self._pictures is None:
            from mmstudio.composition.render.pictures import Pictures

            self._pictures = Pictures(self.library, self._touch) if self._touch else Pictures(self.library)
        return self._pictures

    def _remember(self, file: dict[str, Any], seconds: float) -> None:
        if self.library.read_only or self.original.id is None:
            return
        self.library.exports.add(
            self.original.id,
            file["channel"],
            file["path"],
            file["sha256"],
            file["bytes"],
            round(seconds, 3),
            file["kind"],
        )


def file_name(base: str, channel: Channel) -> str:
    """The name of a channel's file."""
    return f"{base}-{channel.name}.{suffix_of(channel.kind)}"


def missing(library: Library, board: Storyboard) -> list[str]:
    """Notes on sounds that are gone and left out. Raises NotFound for a picture that is gone."""
    notes: list[str] = []
    sounds = {track.asset_id for track in board.tracks()}
    known = {asset.id: asset for asset in library.assets.get_many(board.asset_ids())}
    for asset_id in board.asset_ids():
        asset = known.get(asset_id)
        if asset is not None and library.assets.path_of(asset).is_file():
            continue
        title = asset.title if asset is not None else f"#{asset_id}"
        if asset_id in sounds:
            notes.append(tr("The music {title} is missing and was left out.", title=title))
            continue
        raise NotFound(
            "The picture {title} of this storyboard is missing.",
            hint="Bring the file back or relink its folder, or choose another picture.",
            title=title,
        )
    return notes


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.6f}".rstrip("0").rstrip(".")


def _too_large(name: str, channel: Channel) -> StudioError:
    return StudioError(
        "{name} would be larger than its channel allows ({limit} MB).",
        hint="Choose a smaller channel.",
        name=name,
        limit=_megabytes(channel.max_bytes),
    )
