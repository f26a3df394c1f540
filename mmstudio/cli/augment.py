"""The command on augmentation: augment."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, progress_bar, say, table, warn, wrote
from mmstudio.cli.options import Json, Kind, Seed, studio
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import tr, tr_error
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.export.writer import OutputFolder
    from mmstudio.features.augment import AugmentRecipe, Medium
    from mmstudio.features.augment.medium import Result
    from mmstudio.library import Library

log = logging.getLogger(__name__)
_SUFFIX = {"image": ".png", "audio": ".wav", "text": ".txt"}


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(augment)


def augment(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="FILE_OR_LIB...", help="Media files, folders or libraries.")
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="gentle|strong|FILE.json", help="What may be done.")
    ] = "gentle",
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Copies of each medium.")] = 8,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option("--out", help="The folder to write to.")] = None,
    kind: Kind = None,
    query: Annotated[str, typer.Option("--query", help="Only what this search finds in a library.")] = "",
    protect: Annotated[
        list[str] | None, typer.Option("--protect", help="Words of a title that texts keep; repeatable.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show the operations with their ranges.")] = False,
    as_json: Json = False,
) -> None:
    """Write augmented copies of pictures (PNG), sounds (WAV) and texts (TXT)."""
    from mmstudio.features.augment import source_line, synonyms

    chosen = recipe_from(recipe, seed)
    if list_:
        _list(chosen, as_json)
        return
    if not sources:
        raise typer.BadParameter("Name a file or a library.", param_hint="FILE_OR_LIB")
    if out is None:
        raise typer.BadParameter("Give the folder to write to.", param_hint="--out")
    from mmstudio.export.writer import OutputFolder

    run = _Run(chosen, n, OutputFolder(out), [], [], set())
    with progress_bar(tr("Augmenting")) as show:
        for done, (label, medium) in enumerate(
            _media(sources, kind, query, tuple(protect or ()), run.left_out)
        ):
            show(Progress(done, None, label))
            run.write(label, medium)
    if any(entry["kind"] == "text" for entry in run.files):
        warn(source_line(synonyms()))
    for line in run.left_out:
        warn(line)
    if as_json:
        print_json({"recipe": chosen.as_json(), "files": run.files, "left_out": run.left_out})
    else:
        say(wrote(len(run.files), out))
    if not run.files:
        raise StudioError(
            "There was no picture, sound or text to augment.",
            hint="Give a folder or library with some, or widen --kind and --query.",
        )


def recipe_from(given: str, seed: int = 0) -> AugmentRecipe:
    """A preset's name or a JSON file as a recipe; a ``seed`` other than 0 goes before the file's own.

    Raises:
        UsageError: neither, or a recipe with mistakes.
    """
    from mmstudio.features.augment import PRESETS, preset, read_recipe

    if given in PRESETS:
        return preset(given, seed)
    path = Path(given)
    if path.suffix.lower() != ".json" and not path.is_file():
        return preset(given)  # says what there is
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            "The augmentation recipe {path} cannot be read.",
            hint="Give gentle, strong, or a JSON file; “mmstudio augment --list --json” prints one.",
            path=path,
        ) from error
    if isinstance(document, dict) and "recipe" in document and "operations" in document:
        document = document["recipe"]  # what --list --json printed
    found = read_recipe(document if isinstance(document, dict) else {str(document)[:40]: None})
    return replace(found, seed=seed) if seed else found


@dataclass(slots=True)
class _Run:
    recipe: AugmentRecipe
    copies: int
    out: OutputFolder
    files: list[dict[str, Any]]
    left_out: list[str]
    taken: set[tuple[str, str]]

    def write(self, label: str, medium: Medium) -> None:
        from mmstudio.export.writer import slug

        stem = wish = slug(medium.title)
        number = 1
        while (medium.kind, stem) in self.taken:
            number += 1
            stem = f"{wish}-{number}"
        self.taken.add((medium.kind, stem))
        if medium.cut:
            self.left_out.append(tr("{name}: only the first ten minutes were used", name=label))
        for index in range(self.copies):
            made = medium.vary(self.recipe, index)
            name = f"{stem}-{index + 1:02d}{_SUFFIX[medium.kind]}"
            with self.out.file(name) as path:
                _save(path, medium, made)
            self.files.append(
                {
                    "path": str(self.out.folder / name),
                    "source": label,
                    "kind": medium.kind,
                    "index": index,
                    "applied": {done.operation: done.amount for done in made.applied},
                    "skipped": list(made.skipped),
                }
            )


def _save(path: Path, medium: Medium, made: Result) -> None:
    from mmstudio.features.augment import PictureResult, SoundResult

    if isinstance(made, PictureResult):
        from PIL import Image

        Image.fromarray(made.pixels).save(path, format="PNG")
    elif isinstance(made, SoundResult):
        from mmstudio.media.audio import write_wav

        write_wav(path, made.samples, medium.rate)
    else:
        path.write_text(made.text, encoding="utf-8")


def _media(
    sources: list[str], kind: str | None, query: str, protect: tuple[str, ...], left_out: list[str]
) -> Iterator[tuple[str, Medium]]:
    """What is to be augmented, read one at a time; what cannot be read is noted and passed over."""
    from mmstudio.features.augment import read_medium
    from mmstudio.media.kinds import kind_of

    for source in sources:
        path = Path(source)
        if _is_library(path):
            with studio(path) as opened:
                yield from _of_library(opened.library, kind, query, left_out)
            continue
        files = sorted(p for p in path.rglob("*") if p.is_file() and kind_of(p)) if path.is_dir() else [path]
        for file in files:
            what = kind_of(file) or "unknown"
            if kind not in (None, what) and path.is_dir():
                continue
            try:
                yield str(file), read_medium(file, what, protect=protect)
            except (StudioError, OSError) as error:
                left_out.append(f"{file}: {tr_error(error)[0]}")


def _of_library(
    library: Library, kind: str | None, query: str, left_out: list[str]
) -> Iterator[tuple[str, Medium]]:
    from mmstudio.features.augment import read_asset
    from mmstudio.library import parse_query

    wanted = parse_query(query)
    if kind is not None:
        wanted = replace(wanted, kinds=(kind,))  # type: ignore[arg-type]
    ids = library.assets.ids(wanted)
    films = 0
    for asset in library.assets.get_many(ids):
        if asset.kind == "video":
            films += 1
            continue
        try:
            yield asset.rel_path, read_asset(library, asset)
        except (StudioError, OSError) as error:
            left_out.append(f"{asset.rel_path}: {tr_error(error)[0]}")
    if films:
        left_out.append(tr("{n} videos are not augmented", n=films))


def _is_library(path: Path) -> bool:
    return path.name == "open.mmstudio" or (path.is_dir() and (path / "open.mmstudio").is_file())


def _list(recipe: AugmentRecipe, as_json: bool) -> None:
    from mmstudio.features.augment import MODALITIES, OPERATIONS

    if as_json:
        bounds = {
            op.name: {"kind": op.modality, "unit": op.unit, "least": op.least, "most": op.most}
            for op in OPERATIONS.values()
        }
        print_json({"operations": bounds, "recipe": recipe.as_json()})
        return
    words = {modality: word for word, modality in MODALITIES.items()}
    rows = []
    for op in OPERATIONS.values():
        step = recipe.step(op.name)
        span = f"{op.least:g} … {op.most:g}" if op.has_amount else ""
        use = f"{step.low:g} … {step.high:g}" if op.has_amount else tr("yes")
        unit = tr("share") if op.unit == "%" else op.unit
        chance = f"{step.probability:.0%}"
        rows.append(
            [
                *(words[op.modality], op.name, tr(op.explanation), unit, span),
                *((use, chance) if step.on else (tr("off"), "")),
            ]
        )
    headers = ["media", "operation", "what it does", "unit", "bounds", recipe.name, "probability"]
    table(headers, rows)
