"""Medical pictures for a report: a view of each, all grey ones of a kind through the same window."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmstudio.composition.draft import Draft
from mmstudio.errors import MediaError, UsageError
from mmstudio.i18n import tr
from mmstudio.library import Asset
from mmstudio.media.deidentify import Deidentified, deidentification_of
from mmstudio.media.dicom import DicomInfo, Window, dicom_info, dicom_picture, window_named
from mmstudio.media.kinds import DICOM_SUFFIXES

OWN = "own"  # value of the option "window": each picture through its own first window


@dataclass(slots=True)
class Study:
    """A picture of the report.

    ``asset_id`` is what is shown (a view where ``source_id`` is DICOM), ``caption`` what is written below it,
    ``synthetic`` whether a model made it, ``removed`` the de-identification report where it is DICOM.
    """

    asset_id: int
    source_id: int
    title: str
    caption: str
    synthetic: bool = False
    removed: Deidentified | None = None
    window: Window | None = None


def studies_of(draft: Draft, ids: Sequence[int], window: str, frame: int) -> Iterator[Study]:
    """A study of each picture asset, in order.

    Args:
        window: "" for the first grey picture's own window on all pictures of its modality, "own", a preset's
            name ("lung") or centre/width ("40/400").
        frame: from 1; 0 for the middle one. Where a file has fewer it is refused.

    Raises:
        MediaError: an asset is no picture or cannot be decoded. UsageError: no such window or frame.
    """
    shared: dict[str, Window] = {}
    named = None if window.strip() in ("", OWN) else window
    for asset_id in ids:
        draft.breathe()
        asset = draft.asset(asset_id)
        if asset.kind != "image":
            raise MediaError("{title} is not a picture.", status="unsupported", title=asset.title)
        if not asset.rel_path.lower().endswith(DICOM_SUFFIXES):
            made = asset.origin == "generated"
            draft.add_asset_source(f"study.{asset.id}", asset.id)
            yield Study(asset.id, asset.id, asset.title, asset.title, made)
            continue
        path = draft.library.assets.path_of(asset)
        info = dicom_info(path)
        chosen = None
        if info.grey:
            own = info.windows[0] if info.windows else None
            if named is not None:
                chosen = window_named(named, info.windows)
            elif window.strip() == OWN:
                chosen = own
            else:
                chosen = shared.setdefault(_kind(info), own) if own is not None else shared.get(_kind(info))
        yield _view(draft, asset, path, info, chosen, frame)


def _kind(info: DicomInfo) -> str:
    """Pictures that the same window means the same for."""
    return f"{info.modality} {info.unit}"


def _view(
    draft: Draft, asset: Asset, path: Path, info: DicomInfo, window: Window | None, frame: int
) -> Study:
    """The 8-bit picture of a DICOM file through a window, kept as an asset beside it."""
    from mmstudio.library.importing import register_generated

    removed = deidentification_of(path)
    if removed is None:
        raise UsageError(
            "{title} may still say whose it is.",
            hint="Import the DICOM file again: importing takes the person out.",
            title=asset.title,
        )
    index = None if frame == 0 else frame - 1
    picture = dicom_picture(path, index, window)
    shown = index if index is not None else info.frames // 2
    with tempfile.TemporaryDirectory(prefix="making-", dir=draft.library.generated_dir) as folder:
        file = Path(folder) / "view.png"
        picture.save(file, "PNG", compress_level=3)
        view = register_generated(
            draft.library,
            file,
            kind="image",
            title=f"{info.title} {window or ''}".strip(),
            tags=["dicom", "view"],
            origin="imported",
            rights=asset.rights,
            generation={
                "model": "dicom view",
                "params": {
                    "window": None if window is None else [window.centre, window.width, window.function],
                    "frame": shown,
                },
                "sources": [asset.id],
            },
        )
    draft.add_source(f"study.{asset.id}", "asset", view, asset.title, asset.rights)
    return Study(view, asset.id, info.title, _caption(info, window, shown), False, removed, window)


def _caption(info: DicomInfo, window: Window | None, frame: int) -> str:
    parts = [info.title]
    if info.frames > 1:
        parts.append(tr("frame {frame} of {frames}", frame=frame + 1, frames=info.frames))
    if window is not None:
        name = f" ({tr(window.name)})" if window.name else ""
        parts.append(
            tr("level {centre}, width {width}", centre=f"{window.centre:g}", width=f"{window.width:g}") + name
        )
    return " · ".join(parts)
