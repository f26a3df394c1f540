"""Vectors as an .npz file, written piece by piece."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path
from mmstudio.errors import NotFound, StudioError
from mmstudio.features.fitting import statistics_of
from mmstudio.features.gaps import missing, with_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.normalise import Statistics
    from mmstudio.features.records import ExtractorInfo
    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library
    from mmstudio.library.records import Target

_PAGE = 1000


def export_vectors(library: Library, vectors: Vectors, info: ExtractorInfo, path: Path) -> Path:
    """Write what one extractor knows as an .npz file; the memory does not grow with the library.

    Arrays, N rows by rising id: ``ids`` int64[N]; ``paths`` str[N] (``skus`` for items); ``raw`` and
    ``normalised`` float32[N, D]; ``mean`` and ``std`` float32[D]; ``fitted_on``, ``extractor``, ``version``,
    ``target`` str. Where values can be missing, ``missing`` bool[N, D] marks them: they are as stored in
    ``raw`` and 0, the mean, in ``normalised``. Texts have vectors of files and of items: those of the items
    stand once more under names that begin with ``item_``, and come first where there are no files. Raises
    NotFound where nothing was extracted yet.
    """
    sets: list[tuple[Target, int]] = []
    targets: tuple[Target, ...] = ("asset", "item")
    for target in targets:
        set_id = vectors.set_id(info, target)
        if set_id is not None:
            sets.append((target, set_id))
    if sets and not library.features.count(sets[0][1]):
        sets = sets[1:]  # a library without text files: the items are the main thing
    if not sets or not library.features.count(sets[0][1]):
        raise NotFound(
            "{name} has no vectors yet.", hint="Run the features command with --extractor {name} first.",
            name=info.name,
        )  # fmt: skip
    if path.suffix != ".npz":
        path = path.with_name(path.name + ".npz")
    with (
        atomic_path(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, allowZip64=True) as file,
    ):
        _write(file, "extractor", np.array(info.name))
        _write(file, "version", np.array(info.version))
        _write(file, "target", np.array(sets[0][0]))
        _export_set(library, info, *sets[0], file, "")
        for target, set_id in sets:
            if target == "item":
                _export_set(library, info, target, set_id, file, "item_")
    return path


def _export_set(
    library: Library, info: ExtractorInfo, target: Target, set_id: int, file: zipfile.ZipFile, prefix: str
) -> None:
    every = (found for found, _ in library.features.chunks(set_id, _PAGE))
    ids = np.concatenate([np.empty(0, np.int64), *every])
    statistics = statistics_of(library, info, set_id)
    kept = library.features.stats(set_id)
    _write(file, prefix + "ids", ids)
    name = "paths" if target == "asset" else "skus"
    _write(file, prefix + name, np.array(list(_names(library, target, ids)), np.str_))

    def rows(change: Callable[[NDArray[np.float32]], NDArray[Any]]) -> Iterator[NDArray[Any]]:
        for found, raw in library.features.chunks(set_id, _PAGE):
            yield change(raw[np.isin(found, ids)])

    shape = (len(ids), info.dimension)
    _write_rows(file, prefix + "raw", shape, np.dtype("<f4"), rows(lambda raw: raw))
    normalised = rows(lambda raw: _normalised(info, raw, statistics))
    _write_rows(file, prefix + "normalised", shape, np.dtype("<f4"), normalised)
    if missing(info, np.zeros((0, info.dimension), np.float32)) is not None:
        gone = rows(lambda raw: missing(info, raw))  # type: ignore[arg-type, return-value]
        _write_rows(file, prefix + "missing", shape, np.dtype(bool), gone)
    _write(file, prefix + "mean", statistics.mean)
    _write(file, prefix + "std", statistics.std)
    _write(file, prefix + "fitted_on", np.array(kept.fitted_on if kept else ""))


def _normalised(info: ExtractorInfo, raw: NDArray[np.float32], statistics: Statistics) -> NDArray[np.float32]:
    return np.nan_to_num(statistics.apply(with_gaps(info, raw)), copy=False, nan=0.0)


def _names(library: Library, target: Target, ids: NDArray[np.int64]) -> Iterator[str]:
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE].tolist()
        if target == "asset":
            yield from (str(library.assets.path_of(asset)) for asset in library.assets.get_many(page))
        else:
            yield from (item.sku for item in library.items.get_many(page))


def _write(file: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with file.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, array, allow_pickle=False)


def _write_rows(
    file: zipfile.ZipFile,
    name: str,
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    pieces: Iterator[NDArray[Any]],
) -> None:
    written = 0
    with file.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        for piece in pieces:
            member.write(np.ascontiguousarray(piece, dtype).tobytes())
            written += len(piece)
    if written != shape[0]:
        raise StudioError("The library changed while it was read.", hint="Do it once more.")
