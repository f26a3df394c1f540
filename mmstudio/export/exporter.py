"""Storyboards to files, channel by channel."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.composition import Storyboard, prepare_drawing
from mmstudio.export import compliance
from mmstudio.export.channels import Channel, canvases, channels, chosen
from mmstudio.export.copy_gate import Passage, answer_for, look, notes_of, pass_or_refuse
from mmstudio.export.fitting import copy_note, fitted
from mmstudio.export.making import Making, file_name
from mmstudio.export.options import ExportOptions
from mmstudio.export.privacy.report import write_report
from mmstudio.export.record import Standing, parts_of, standing_of
from mmstudio.export.writer import OutputFolder, slug
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.recommendation.variants.identity import variant_of

if TYPE_CHECKING:
    from mmstudio.composition.render.pictures import Pictures
    from mmstudio.library import Library
    from mmstudio.library.copy_records import Override
    from mmstudio.recommendation import Recommender


class Exporter:
    """Exports of one library. Make it on the main thread: it readies Qt's text engine."""

    def __init__(self, library: Library, recommender: Recommender | None = None) -> None:
        prepare_drawing()
        self._library = library
        self._recommender = recommender

    def channels(self) -> tuple[Channel, ...]:
        """The channel presets."""
        return channels()

    def work(
        self,
        storyboard_id: int,
        channels: Iterable[str] | None = None,
        *,
        out: str | Path,
        options: Mapping[str, Any] | None = None,
    ) -> Work:
        """Export a saved storyboard; ``options`` are those of :class:`ExportOptions`.

        The result holds ``files`` (path, sha256, bytes, channel, kind, …), ``manifest``, ``folder`` and
        ``notes``. Files are whole or absent; those of finished channels stay when the job is cancelled.

        Raises:
            UsageError: an option that is not known.

        Raises (in the job):
            NotFound: no such storyboard or channel, or a picture of it is gone.
            DiskFull, StudioError: the folder cannot take it, a channel's limit is broken, a right or consent
                is missing, or a text says what the item's facts do not support and nobody answers for it
                (see ``compliance`` and ``copy_gate``).
        """
        names = list(channels) if channels else None
        wishes = ExportOptions.from_dict(options)

        def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
            wanted = chosen(names)
            row = self._library.storyboards.get(storyboard_id)
            board = Storyboard.from_dict(row.data, row.id)
            making, passage = self._ready(board, wanted, wishes)
            folder = OutputFolder(out)
            variant, changed = variant_of(self._library, row.id, row.data)
            if changed:
                making.notes.append(
                    tr(
                        "The storyboard was changed since it became a variant: it leaves without an id."
                        " Add it again."
                    )
                )
            named = {"variant": variant} if variant else {}
            wish = f"{slug(board.name)}-{variant}" if variant else slug(board.name)
            total = making.steps(wanted)
            with folder.claim(wish, _names(wanted), free=wishes.overwrite == "number") as base:
                done = 0
                for channel in wanted:
                    words = tr("Exporting {name}", name=tr(channel.label))
                    yield Progress(done, total, words)
                    context.raise_if_cancelled()
                    step = 0
                    for step in making.files([channel], folder, base):
                        context.raise_if_cancelled()
                        yield Progress(done + step, total, words)
                    done += step
                manifest, *reports = _lists(folder, base, making, passage, **named)
            yield Progress(total, total)
            return {
                "files": folder.files,
                "manifest": str(manifest),
                "folder": str(folder.folder),
                "notes": making.notes,
                **({"reports": [str(path) for path in reports]} if reports else {}),
                **named,
            }

        return run

    def board_files(
        self,
        board: Storyboard,
        channels: Iterable[str | Channel] | None,
        folder: OutputFolder,
        options: ExportOptions | None = None,
        *,
        base: str = "",
        pictures: Pictures | None = None,
        listed: list[Path] | None = None,
        told: list[Standing] | None = None,
    ) -> Generator[int, None, list[str]]:
        """Write a storyboard's files into ``folder``, with every check of :meth:`work`.

        Yields the steps done; returns the notes (``notes = yield from …``); the files are in
        ``folder.files``. Only where ``listed`` is given are a manifest (with the compliance checks) and the
        de-identification report written too: it gets their paths. ``pictures`` of one export serve the next,
        so that a row of a matrix does not load again what the row before did (only where
        ``options.blur_faces`` is off). ``told`` gets what a list of many exports says of this one.

        Raises:
            NotFound, DiskFull, StudioError: as :meth:`work`.
        """
        wanted = chosen(channels)
        making, passage = self._ready(board, wanted, options or ExportOptions(), pictures)
        base = base or slug(board.name)
        yield from making.files(wanted, folder, base)
        if listed is not None:
            listed += _lists(folder, base, making, passage)
        if told is not None:
            told.append(standing_of(self._library, board, making.record, making.checks))
        return making.notes

    def warnings(self, storyboard_id: int, channels: Iterable[str] | None = None) -> list[str]:
        """What a person should know before these channels are exported: text too long, music missing.

        Raises:
            NotFound, StudioError: what would stop the export.
        """
        wanted = chosen(channels)
        row = self._library.storyboards.get(storyboard_id)
        return self._ready(Storyboard.from_dict(row.data, row.id), wanted, ExportOptions())[0].notes

    def _ready(
        self,
        board: Storyboard,
        wanted: list[Channel],
        options: ExportOptions,
        pictures: Pictures | None = None,
    ) -> tuple[Making, Passage]:
        """Everything that can be refused before a file is written."""
        making = Making(self._library, board, options, pictures)
        checks = compliance.pass_or_refuse(self._library, board, options, sizes=canvases(wanted))
        making.checks = checks
        making.notes += [check.message for check in checks if check.state == "amber"]
        passage = pass_or_refuse(self._library, board)
        making.notes += notes_of(passage)
        for channel in wanted:
            fitted(board, channel, options)
            if note := copy_note(making.board, channel):
                making.notes.append(note)
        return making, passage

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

    def page_work(
        self,
        audiences: Iterable[int] | None = None,
        *,
        out: str | Path,
        k: int = 10,
        options: Mapping[str, Any] | None = None,
    ) -> Work:
        """Export the page and the feed of all recommendations, for these audiences or for all.

        Writes ``recommendations.html`` (self-contained), ``feed.json`` (JSON Feed 1.1) and a manifest. Of
        ``options`` it knows ``sign_with``: the signatures (C2PA) lie beside both, as ``NAME.c2pa``.
        """
        from mmstudio.export.page import page_steps

        wishes = ExportOptions.from_dict(options)
        return page_steps(self._library, self._recommender, list(audiences or []), out, k, wishes)

    def certificate_work(self, folder: str | Path, name: str, days: int = 365) -> Work:
        """Make a certificate to try signing with: see
        :func:`mmstudio.export.provenance.certificate.certificate_work`."""
        from mmstudio.export.provenance.certificate import certificate_work

        return certificate_work(folder, name, days)


def _lists(folder: OutputFolder, base: str, making: Making, passage: Passage, **more: Any) -> list[Path]:
    """Write the manifest, and the de-identification report where there is one; returns their paths."""
    manifest = folder.write_manifest(
        manifest_name(base),
        **making.record,
        **parts_of(making.board),
        overrides=passage.as_json(),
        compliance=[check.for_others() for check in making.checks],
        **({"privacy": making.hidden} if making.hidden else {}),
        **more,
    )
    return [manifest, *write_report(folder.folder, making.hidden, base)]


def manifest_name(base: str) -> str:
    """The name of the manifest of an export."""
    return f"{base}.manifest.json"


def _names(wanted: list[Channel]) -> Any:
    def finals(base: str) -> Iterator[str]:
        yield manifest_name(base)
        yield from (file_name(base, channel) for channel in wanted)

    return finals
