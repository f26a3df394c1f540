"""Jobs on points: save pictures, find a picture's place, find sliders; with recipes that make them again."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import ReadOnly, UsageError
from mmstudio.generation import keeping
from mmstudio.generation.latents.book import Book
from mmstudio.generation.latents.player import Player
from mmstudio.generation.latents.point import Point
from mmstudio.generation.latents.steer import check_condition, known_sliders
from mmstudio.generation.latents.tags import TagProbes
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation
    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.library import Library

LATENTS = ".latents"  # in the library's folder of models
Data = Mapping[str, Any]


def player_of(library: Library, model: GenerativeModel) -> Player:
    """A player whose findings are kept in the library."""
    probes = TagProbes(library, str(model.device))
    book = Book(library.models_dir / LATENTS, writes=not library.read_only, probes=probes)
    return Player(model, book=book, vector_of=lambda target: vector_of(library, target))


def vector_of(library: Library, target: int | str) -> NDArray[np.float32] | None:
    """The fused vector of an asset (its item's, where it has one) or item; None where there is none.

    ``target`` is "item:ID" or "asset:ID"; a bare number is an asset's, or else an item's.
    """
    from mmstudio.learning.datasets.describe import vectors_of

    kind, _, number = str(target).rpartition(":")
    if not number.isdigit():
        return None
    found = vectors_of(library, [int(number)]).get(int(number)) if kind != "item" else None
    if found is None and kind != "asset":
        assets = [link.asset_id for link in library.items.assets_of(int(number))]
        found = next(iter(vectors_of(library, assets).values()), None) if assets else None
    return found


def recipe_of(player: Player, point: Point) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """(latent float32[S or 1, L], what makes the picture again): the point, the weights, what was told."""
    params: dict[str, Any] = {
        "weights": player.fingerprint,
        "steps": player.model.config.trained.get("steps", 0),
        "point": point.as_json(),
    }
    rows = player.condition_rows([point])
    if rows is not None:
        params["condition_row"] = rows[0].tolist()
    return player.latent(point), params


def checked(player: Player, points: Sequence[Data]) -> Generator[Progress, None, list[Point]]:
    """Points whose sliders are there; finds them if need be.

    Raises:
        UsageError: not a point, a slider or tag the model does not have.
    """
    found = [Point.of(data) for data in points]
    if any(any(point.sliders.values()) for point in found) and player.found() is None:
        yield from player.find_sliders()
    for point in found:
        known_sliders(player, point.sliders)
        check_condition(player, point.condition)
    return found


def draw_work(
    generation: Generation,
    model: str,
    point: Data | None = None,
    points: Sequence[Data] = (),
    out: str | Path | None = None,
    add_to_library: bool | None = None,
    sources: Sequence[int] = (),
    name: str = "",
) -> Work:
    """A job that saves one ``point`` (or several) as PNG with its recipe.

    Args:
        out: a folder for the files. add_to_library: also, or instead, as assets; None: only without ``out``.
        sources: assets it was made from. name: what the files are called; the model's name by default.

    Returns {"files": [paths], "assets": [ids]}.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        add = out is None if add_to_library is None else add_to_library
        if add:
            writable(generation.library)
        elif out is None:
            raise UsageError("Nowhere to put the results.", hint="Name a folder with --out.")
        wanted = [*([point] if point is not None else []), *points]
        if not wanted:
            raise UsageError("At least one must be made.")
        yield Progress(0, len(wanted), tr("Preparing"))
        player = generation.player(model)
        places = yield from checked(player, wanted)
        result: dict[str, Any] = {"files": [], "assets": []}
        folder = Path(out) if out is not None else generation.library.generated_dir
        for first in range(0, len(places), player.model.rows):
            context.raise_if_cancelled()
            part = places[first : first + player.model.rows]
            for index, (place, pixels) in enumerate(zip(part, player.draw_many(part), strict=True), first):
                latent, params = recipe_of(player, place)
                title = f"{name or model} {place.seed}" + (f"-{index + 1}" if len(places) > 1 else "")
                file = folder / f"{name or model}-{place.seed}-{index:04d}.png"
                record = keeping.record_of(player.model.config, title, place.seed, latent, params)
                file = keeping.write_picture(file, Image.fromarray(pixels), record)
                if out is not None:
                    result["files"].append(str(file))
                if add:
                    asset = keeping.add_to_library(
                        generation.library,
                        file,
                        kind="image",
                        title=title,
                        model=model,
                        seed=place.seed,
                        latent=latent,
                        params=params,
                        sources=list(sources),
                        stays=out is not None,
                    )
                    result["assets"].append(asset)
                    if out is None:
                        result["files"].append(keeping.asset_path(generation.library, asset))
            done = first + len(part)
            yield Progress(done, len(places), tr("Made {done} of {total}", done=done, total=len(places)))
        return result

    return run


def project_work(
    generation: Generation,
    model: str,
    picture: int | str,
    seed: int = 0,
    out: str | Path | None = None,
) -> Work:
    """A job that finds the point nearest to an asset (by id) or a file.

    Yields Progress with data {"point": Point, "distance": 0…1} as it comes nearer; with ``out`` the result is
    also written there. Returns {"point": JSON, "distance": mean absolute difference per pixel 0…1, "files"}.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        from mmstudio.media.image import image_array

        yield Progress(0, None, tr("Preparing"))
        player = generation.player(model)
        pixels = image_array(generation.path_of(picture), max_side=4 * max(player.size))
        distance, found = 1.0, Point(seed)
        looking = player.project(pixels, seed)
        while True:
            context.raise_if_cancelled()
            try:
                progress = next(looking)
            except StopIteration as stop:
                found = stop.value
                break
            distance = float((progress.data or {}).get("distance", distance))
            yield progress
        result: dict[str, Any] = {"point": found.as_json(), "distance": round(distance, 5), "files": []}
        if out is not None:
            sources = [int(picture)] if str(picture).isdigit() else []
            saving = draw_work(
                generation, model, result["point"], out=out, sources=sources, name=f"{model}-projected"
            )
            result["files"] = (yield from saving(context))["files"]
        return result

    return run


def writable(library: Library) -> None:
    """Raises ReadOnly where the library cannot be written."""
    if library.read_only:
        raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
