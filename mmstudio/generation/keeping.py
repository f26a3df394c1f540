"""What was generated becomes a file with its recipe inside, and an asset of the library."""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.atomic import atomic_path
from mmstudio.generation.sounding.wish import RATE
from mmstudio.media import metadata

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Library
    from mmstudio.media.kinds import MediaKind

_LEVEL = 3  # of zlib: within a few percent of the smallest file at half the time


def record_of(
    config: ModelConfig, title: str, seed: int, latent: NDArray[np.float32] | None, params: Mapping[str, Any]
) -> dict[str, Any]:
    """What a file made by a model says about itself; see :func:`mmstudio.media.metadata.stamp`."""
    sha = "" if latent is None else f"{zlib.crc32(np.ascontiguousarray(latent).tobytes()):08x}"
    origin = {"title": title, "software": "MM Studio", "digital_source_type": metadata.TRAINED}
    own = {"model": config.name, "family": config.family, "seed": seed, "latent_sha": sha}
    return {**origin, **own, **params}


def write_new(target: Path, content: bytes, *, durable: bool = True) -> Path:
    """Write ``content`` whole or not at all and return where: ``target``, or ``target-2``, ``-3`` … where
    something else bears that name already. What was made before is never lost; the same again stays one file.

    Raises:
        DiskFull: nothing more fits.
    """
    path, number = target, 1
    while path.exists() and not (path.is_file() and path.read_bytes() == content):
        number += 1
        path = target.with_name(f"{target.stem}-{number}{target.suffix}")
    with atomic_path(path, durable=durable) as temporary:
        temporary.write_bytes(content)
    return path


def write_picture(target: Path, picture: Image.Image, record: Mapping[str, Any]) -> Path:
    """One PNG; see :func:`write_new`. It can be made again, so the disk is not waited for."""
    encoded = io.BytesIO()
    picture.save(encoded, "PNG", compress_level=_LEVEL)
    return write_new(target, metadata.stamped_png(encoded.getvalue(), record), durable=False)


def write_sound(target: Path, samples: NDArray[np.float32], record: Mapping[str, Any]) -> Path:
    """One WAV of float32[2, N] at the rate of generated sounds; see :func:`write_new`."""
    from mmstudio.media.audio import write_wav

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / target.name
        write_wav(made, samples, RATE)
        metadata.stamp(made, record)
        return write_new(target, made.read_bytes())


def add_to_library(
    library: Library,
    file: Path,
    *,
    kind: MediaKind,
    title: str,
    model: str,
    seed: int,
    latent: NDArray[np.float32] | None,
    params: dict[str, Any],
    sources: Sequence[int] = (),
    stays: bool = False,
) -> int:
    """The asset id of a file made by a model. The library moves the file in, unless it ``stays``."""
    from mmstudio.library.importing import register_generated

    if stays:
        copy = library.generated_dir / file.name
        with atomic_path(copy) as temporary:
            temporary.write_bytes(file.read_bytes())
        file = copy
    return register_generated(
        library,
        file,
        kind=kind,
        title=title,
        tags=["generated", model],
        model=model,
        seed=seed,
        latent=None if latent is None else np.ascontiguousarray(latent).astype("<f4").tobytes(),
        params=params,
        sources=sources,
    )


def asset_path(library: Library, asset: int) -> str:
    """Where an asset's file lies."""
    return str(library.assets.path_of(library.assets.get(asset)))
