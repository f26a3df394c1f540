"""Storyboards to files, channel by channel."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard, prepare_drawing, reframe
from mmstudio.errors import MediaError, NotFound, StudioError
from mmstudio.export.captions import to_srt
from mmstudio.export.channels import Channel, channels, chosen
from mmstudio.export.copy_gate import Passage, answer_for, look, notes_of, pass_or_refuse
from mmstudio.export.video import RATE, frame_count, write_video
from mmstudio.export.writer import OutputFolder, slug
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.media.metadata import COMPOSITE, stamp
from mmstudio.recommendation.variants.identity import variant_of

if TYPE_CHECKING:
    from mmstudio.composition.render import Renderer
    from mmstudio.library import Library
    from mmstudio.library.copy_records import Override
    from mmstudio.recommendation import Recommender

SOFTWARE = "MM Studio"
_PNG_LEVEL = 3


class Exporter:
    """Exports of one library. Make it on the main thread: it readies Qt's text engine."""

    def __init__(self, library: Library, recommender: Recommender | None = None) -> None:
        prepare_drawing()
        self._library = library
        self._recommender = recommender

    def channels(self) -> tuple[Channel, ...]:
        """The channel presets."""
        return channels()

    def work(self, storyboard_id: int, channels: Iterable[str] | None = None, *, out: str | Path) -> Work:
        """Export a saved storyboard.

        The result holds ``files`` (path, sha256, bytes, channel, kind, …), ``manifest``, ``folder`` and
        ``notes``. Files are whole or absent; those of finished channels stay when the job is cancelled.

        Raises (in the job):
            NotFound: no such storyboard or channel, or a picture of it is gone.
            DiskFull, StudioError: the folder cannot take it, a channel's limit is broken, or a text says what
                the item's facts do not support and nobody answers for it (see ``copy_gate``).
        """
        names = list(channels) if channels else None

        def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
            wanted = chosen(names)
            row = self._library.storyboards.get(storyboard_id)
            board = Storyboard.from_dict(row.data, row.id)
            notes = self._check(board)
            passage = pass_or_refuse(self._library, board)
            notes += notes_of(passage)
            for channel in wanted:
                _check_length(board, channel)
            folder = OutputFolder(out)
            variant, changed = variant_of(self._library, row.id, row.data)
            if changed:
                notes.append(
                    tr(
                        "The storyboard was changed since it became a variant: it leaves without an id."
                        " Add it again."
                    )
                )
            base = f"{slug(board.name)}-{variant}" if variant else slug(board.name)
            total = sum(_steps(board, channel) for channel in wanted)
            done = 0
            renderers: dict[tuple[int, int], Renderer] = {}
            for channel in wanted:
                yield Progress(done, total, tr("Exporting {name}", name=tr(channel.label)))
                for step in self._write(board, channel, folder, base, renderers):
                    context.raise_if_cancelled()
                    yield Progress(done + step, total, tr("Exporting {name}", name=tr(channel.label)))
                done += _steps(board, channel)
            manifest = folder.write_manifest(
                f"{base}.manifest.json", **_provenance(board), overrides=passage.as_json(), **_named(variant)
            )
            yield Progress(total, total)
            return {
                "files": folder.files,
                "manifest": str(manifest),
                "folder": str(folder.folder),
                "notes": notes,
                **_named(variant),
            }

        return run

    def held(self, storyboard_id: int) -> Passage:
        """What of a saved storyboard's texts may not leave, and the overrides that let texts through.

        Raises NotFound.
        """
        row = self._library.storyboards.get(storyboard_id)
        return look(self._library, Storyboard.from_dict(row.data, row.id))

    def answer_for(self, storyboard_id: int, who: str, reason: str) -> list[Override]:
        """Record that a person answers for all texts that are held. Raises NotFound, UsageError, ReadOnly."""
        row = self._library.storyboards.get(storyboard_id)
        return answer_for(self._library, Storyboard.from_dict(row.data, row.id), who, reason)

    def page_work(self, audiences: Iterable[int] | None = None, *, out: str | Path, k: int = 10) -> Work:
        """Export the page and the feed of all recommendations, for these audiences or for all.

        Writes ``recommendations.html`` (self-contained), ``feed.json`` (JSON Feed 1.1) and a manifest.
        """
        from mmstudio.export.page import page_steps

        return page_steps(self._library, self._recommender, list(audiences or []), out, k)

    def _check(self, board: Storyboard) -> list[str]:
        """Refuse a storyboard whose pictures are gone; name a music that is."""
        notes: list[str] = []
        sounds = {t.asset_id for t in (board.music, board.voice) if t is not None}
        known = {asset.id: asset for asset in self._library.assets.get_many(board.asset_ids())}
        for asset_id in board.asset_ids():
            asset = known.get(asset_id)
            if asset is not None and self._library.assets.path_of(asset).is_file():
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

    def _write(
        self,
        board: Storyboard,
        channel: Channel,
        folder: OutputFolder,
        base: str,
        renderers: dict[tuple[int, int], Renderer],
    ) -> Generator[int, None, None]:
        """Write one channel's file; yields steps done."""
        name = f"{base}-{channel.name}.{channel.kind}"
        facts: dict[str, Any] = {"channel": channel.name, "kind": channel.kind}
        if channel.size is not None:
            facts |= {"width": channel.width, "height": channel.height}
        if channel.kind in ("mp4", "wav"):
            facts["seconds"] = round(board.duration, 3)
        started = time.monotonic()
        with folder.file(name, **facts) as path:
            match channel.kind:
                case "png":
                    self._card(self._renderer(board, channel, renderers), path)
                case "mp4":
                    renderer = self._renderer(board, channel, renderers)
                    for done, _total, codec in write_video(renderer, self._library, path):
                        facts["codec"] = codec
                        if done % 5 == 0:
                            yield done
                case "wav":
                    self._sound(board, path)
                case "srt":
                    path.write_text(to_srt(board.captions), "utf-8")
            if channel.kind != "srt":
                stamp(path, _record(board))
            if channel.max_bytes and path.stat().st_size > channel.max_bytes:
                raise StudioError(
                    "{name} would be larger than its channel allows ({limit} MB).",
                    hint="Choose a smaller channel.",
                    name=name,
                    limit=channel.max_bytes // 1_000_000,
                )
        folder.files[-1].update(facts)
        self._remember(board, folder.files[-1], time.monotonic() - started)
        yield _steps(board, channel)

    def _renderer(
        self, board: Storyboard, channel: Channel, renderers: dict[tuple[int, int], Renderer]
    ) -> Renderer:
        from mmstudio.composition.render import Renderer

        size = channel.size or board.size
        if size not in renderers:
            pictures = next(iter(renderers.values())).pictures if renderers else None
            shaped = board if size == board.size else reframe(board, size)
            renderers.clear()  # one canvas at a time is kept ready: memory stays flat over many channels
            renderer = Renderer(shaped, self._library, pictures)
            renderer.prepare()
            self._refuse_unreadable(renderer)
            renderers[size] = renderer
        return renderers[size]

    def _refuse_unreadable(self, renderer: Renderer) -> None:
        for asset_id, why in renderer.problems.items():
            raise MediaError(
                "The picture {title} cannot be read: {why}",
                hint="Choose another picture.",
                title=self._library.assets.get(asset_id).title,
                why=why,
            )

    def _card(self, renderer: Renderer, path: Path) -> None:
        from PIL import Image

        from mmstudio.composition.render import frame_array

        Image.fromarray(frame_array(renderer.card())).save(path, compress_level=_PNG_LEVEL)

    def _sound(self, board: Storyboard, path: Path) -> None:
        from mmstudio.composition.sound import mix
        from mmstudio.media.audio import write_wav

        samples = mix(board, self._library, RATE)
        # libsndfile does not say why it cannot write: take the room first, where a full disk is an OSError
        path.write_bytes(bytes(samples.size * 2 + 4096))
        write_wav(path, samples, RATE)

    def _remember(self, board: Storyboard, file: dict[str, Any], seconds: float) -> None:
        if self._library.read_only or board.id is None:
            return
        self._library.exports.add(
            board.id,
            file["channel"],
            file["path"],
            file["sha256"],
            file["bytes"],
            round(seconds, 3),
            file["kind"],
        )


def _steps(board: Storyboard, channel: Channel) -> int:
    return frame_count(board.duration, board.fps) if channel.kind == "mp4" else 12


def _check_length(board: Storyboard, channel: Channel) -> None:
    low, high = channel.min_seconds, channel.max_seconds
    if (high and board.duration > high) or (low and board.duration < low):
        raise StudioError(
            "{seconds} seconds do not fit the channel {channel} ({low} to {high} s).",
            hint="Choose another channel.",
            seconds=round(board.duration, 1),
            channel=channel.name,
            low=round(low),
            high=round(high),
        )


def storyboard_hash(board: Storyboard) -> str:
    """SHA-256 of a storyboard's content: the same for the same picture and sound."""
    plain = json.dumps(board.to_dict(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()


def _record(board: Storyboard) -> dict[str, Any]:
    """What is stamped into a file: no path, name or place of the sources."""
    record: dict[str, Any] = {
        "title": board.copy.get("headline") or board.name,
        "software": SOFTWARE,
        "recipe": board.recipe,
        "seed": board.seed,
        "storyboard": storyboard_hash(board),
    }
    if board.has_generated_part():
        record["digital_source_type"] = COMPOSITE
    return record


def _named(variant: str) -> dict[str, str]:
    """The variant an export is, in its manifest and result; nothing where it is none."""
    return {"variant": variant} if variant else {}


def _provenance(board: Storyboard) -> dict[str, Any]:
    """The head of a manifest: what it was made from, and what a model made of it."""
    return {
        **_record(board),
        "item": board.item_id,
        "audience": board.audience_id,
        "copy": board.copy,
        "facts": board.facts,
        "sources": [
            {"part": s.part, "kind": s.kind, "detail": s.detail, "rights": s.rights} for s in board.sources
        ],
    }
