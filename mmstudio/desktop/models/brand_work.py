"""Work of the page Brand: reading, drawing, checking, changing. None of it on the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.composition.brand import BrandKit, BrandReport, Finding
    from mmstudio.studio import Studio

_SAMPLE = 720  # pixels of the sample's longer side


@dataclass(slots=True)
class There:
    """What the page shows when it opens."""

    kits: list[BrandKit]
    chosen: int | None
    boards: list[tuple[int, str]]


@dataclass(slots=True)
class Looked:
    """A card drawn, and what the check of the storyboard itself found."""

    pixels: NDArray[np.uint8]
    report: BrandReport | None


def load(studio: Studio) -> There:
    """Kits, the chosen one, storyboards."""
    from mmstudio.composition.brand import kits

    library = studio.library
    chosen = library.brand_kits.chosen()
    return There(
        kits(library),
        chosen.id if chosen is not None else None,
        [(line.id, line.name) for line in library.storyboards.list()],
    )


def save(studio: Studio, kit: BrandKit) -> BrandKit:
    """Keep a kit."""
    from mmstudio.composition.brand import save_kit

    return save_kit(studio.library, kit)


def logo_pixels(studio: Studio, asset_id: int) -> NDArray[np.uint8] | None:
    """A logo off its background, uint8 [H,W,3 or 4]; None where its file cannot be read."""
    from mmstudio.composition.render.pictures import Pictures

    loaded = Pictures(studio.library)
    cut = loaded.cutout(asset_id)
    return cut.rgba if cut is not None else loaded.array(asset_id, 400)


def logo_asset(studio: Studio, what: int | str) -> int:
    """The asset to use as the logo; a file is taken into the library first."""
    import hashlib

    from mmstudio.errors import MediaError
    from mmstudio.jobs import run_inline
    from mmstudio.library.importing import import_work

    library = studio.library
    if isinstance(what, str):
        digest = hashlib.sha256(Path(what).read_bytes()).hexdigest()
        if not library.assets.by_sha256(digest):
            run_inline(import_work(library, [what], copy=True, tags=("logo",)))
        found = library.assets.by_sha256(digest)
        if not found:
            raise MediaError(
                "This file is no picture that can be used.", hint="Use a PNG, JPEG or WebP file."
            )
        what = found[0].id
    if library.assets.get(what).kind != "image":
        raise MediaError("This file is no picture that can be used.", hint="Use a PNG, JPEG or WebP file.")
    return what


def look_at(studio: Studio, kit: BrandKit, number: int | None, dressed: bool) -> Looked:
    """The sample and the report on a storyboard; ``dressed`` draws it in the kit's look."""
    from mmstudio.composition.brand import apply, check
    from mmstudio.composition.brand.sample import sample_board
    from mmstudio.composition.render import Renderer, frame_array
    from mmstudio.composition.render.pictures import Pictures
    from mmstudio.export.channels import usual_canvases

    pictures = Pictures(studio.library)
    report = None
    if number is None:
        board = sample_board(kit, studio.library)
    else:
        board = studio.composer.load(number)
        report = check(board, studio.library, kit, pictures, usual_canvases(board))
        if dressed:
            board = apply(board, kit, studio.library)
    frame = Renderer(board, studio.library, pictures).card((_SAMPLE, _SAMPLE))
    return Looked(frame_array(frame), report)


def mend(studio: Studio, kit: BrandKit, number: int, findings: list[Finding] | None) -> dict[str, Any]:
    """Change the storyboard and save it; returns it as it was."""
    from mmstudio.composition.brand import apply, fix, fix_all
    from mmstudio.export.channels import usual_canvases

    board = studio.composer.load(number)
    before = board.to_dict()
    if findings is None:
        board = apply(board, kit, studio.library)
    elif findings:
        for finding in findings:
            board = fix(board, finding, kit, studio.library)
    else:
        board, _report = fix_all(board, kit, studio.library, usual_canvases(board))
    studio.composer.save(board)
    return before


def restore(studio: Studio, number: int, before: dict[str, Any]) -> None:
    """Put a storyboard back as it was."""
    from mmstudio.composition import Storyboard

    studio.composer.save(Storyboard.from_dict(before, number))
