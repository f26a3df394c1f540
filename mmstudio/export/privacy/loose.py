"""Files that lie anywhere, copied without what they say of people and places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import MediaError
from mmstudio.export.options import ExportOptions
from mmstudio.export.privacy.copies import copy_media, neutral_names
from mmstudio.export.privacy.faces import blur, find_faces
from mmstudio.export.privacy.report import sentences, with_copies
from mmstudio.export.writer import OutputFolder

Outcome = dict[str, Any] | MediaError | OSError


def copy_files(
    files: Sequence[Path], out: Path, options: ExportOptions, *, names: bool = False, locale: str = ""
) -> Iterator[tuple[Path, Outcome]]:
    """Copy files into a folder as ``privacy.copies.copy_media`` does, each whole or not at all.

    Yields (source, what was written with path, sha256, removed, masked and a sentence; or why it could not
    be). With ``names`` the files keep their names, numbered where two are the same.

    Raises StudioError where the folder cannot be written.
    """
    folder = OutputFolder(out)
    wished = [file.name for file in files] if names else neutral_names(files)
    taken: set[str] = set()
    touch = _blur_each if options.blur_faces else None
    for number, (source, name) in enumerate(zip(files, wished, strict=True)):
        if name.lower() in taken:
            name = f"{Path(name).stem}-{number + 1}{Path(name).suffix}"
        taken.add(name.lower())
        try:
            # copied beside first: TIFF and HEIC become PNG under another name
            with folder.file(f".{name}.copy{source.suffix.lower()}") as place:
                made = copy_media(source, place, options, asset_id=0, touch=touch, locale=locale)
                final = folder.folder / Path(name).with_suffix(made.path.suffix)
                if made.path != place:
                    made.path.replace(place)
            written = folder.files.pop()
            Path(written["path"]).replace(final)
        except (MediaError, OSError) as error:
            yield source, error
            continue
        entry = with_copies({}, [made])["files"][0] | {"file": final.name}
        said = sentences({"files": [entry]})[0].partition(": ")[2]
        yield source, {**entry, "path": str(final), "sha256": written["sha256"], "said": said}


def _blur_each(_number: int, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return blur(rgb, find_faces(rgb))
