"""DICOM pictures: values as they were measured, and views of them through a window (PS3.3 C.7.6.3, C.11).

Only one frame is decoded at a time. Nothing here removes identity; see :mod:`mmstudio.media.deidentify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mmstudio.errors import MediaError, UsageError
from mmstudio.i18n import mark
from mmstudio.media.guard import check_not_empty, corrupt, decoding, too_large
from mmstudio.media.kinds import DICOM_SUFFIXES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_MAX_PIXELS = 100_000_000  # of one frame; as float32 that is 0.4 GB
_MAX_BYTES = 1 << 30  # a file is read whole when it is de-identified


@dataclass(frozen=True, slots=True)
class Window:
    """What part of the values a view shows: ``centre`` and ``width`` in the values' unit (HU for CT).

    ``function`` is LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.2, C.11.2.1.3).
    """

    centre: float
    width: float
    name: str = ""
    function: str = "LINEAR"

    def __str__(self) -> str:
        return f"{self.centre:g}/{self.width:g}"


# Usual windows of CT in Hounsfield units, for files that bring none or for another look.
CT_WINDOWS = (
    Window(40, 400, mark("soft tissue")),
    Window(-600, 1500, mark("lung")),
    Window(400, 1800, mark("bone")),
    Window(40, 80, mark("brain")),
)


@dataclass(frozen=True, slots=True)
class DicomInfo:
    """What a DICOM file says about its pictures.

    Attributes:
        width, height: px. frames: how many pictures. bits: stored bits per sample, signed or not.
        photometric: MONOCHROME1, MONOCHROME2, RGB, PALETTE COLOR, YBR_…
        slope, intercept: stored value → value in ``unit`` ("HU" or "" where it is not named).
        windows: presets of the file, the first is its default; for CT the usual ones follow.
        modality, body_part, study, series, number: as written, "" where not.
        burned_in: True where the file says that text is burned into the picture, False where it says not,
            None where it says nothing. removed: the file says that identity was removed.
    """

    width: int
    height: int
    frames: int = 1
    bits: int = 8
    signed: bool = False
    photometric: str = "MONOCHROME2"
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    windows: tuple[Window, ...] = ()
    modality: str = ""
    body_part: str = ""
    study: str = ""
    series: str = ""
    number: str = ""
    burned_in: bool | None = None
    removed: bool = False
    syntax: str = ""

    @property
    def grey(self) -> bool:
        """Whether it has one value a pixel, which a window is laid over."""
        return self.photometric.startswith("MONOCHROME")

    @property
    def title(self) -> str:
        """A name that tells nothing of a person: modality, part of the body, series and picture."""
        place = "/".join(part for part in (self.series, self.number) if part)
        words = [self.modality or "DICOM", self.body_part.replace("_", " ").lower(), place]
        return " ".join(word for word in words if word)


def looks_like_dicom(path: str | Path) -> bool:
    """Whether a file has a DICOM suffix, or no usual suffix and the DICOM mark at byte 128."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in DICOM_SUFFIXES:
        return True
    if suffix and not suffix[1:].isdigit():  # scanners write IM0001 or 1.2.840.113619.2
        return False
    try:
        if not path.is_file():  # a pipe would block whoever opens it
            return False
        with path.open("rb") as file:
            head = file.read(132)
    except OSError:
        return False
    return head[128:132] == b"DICM"


def dicom_info(path: str | Path) -> DicomInfo:
    """Facts of a DICOM file without decoding its pixels.

    Raises:
        MediaError: empty, unreadable, corrupt (no DICOM), unsupported (no picture in it) or too_large.
    """
    path = Path(path)
    return _info(path, read_dataset(path, pixels=False))


def read_dataset(path: Path, *, pixels: bool = True) -> Dataset:
    """The parsed file; without ``pixels`` only what comes before them, large values left on the disk.

    Raises:
        MediaError: see :func:`dicom_info`.
    """
    size = check_not_empty(path)
    pydicom = _pydicom()
    if pixels and size > _MAX_BYTES:
        raise MediaError(
            "{name} is too large: {megabytes} MB, at most {most} can be taken in.",
            status="too_large",
            hint="Split it into single frames first.",
            name=path.name,
            megabytes=size >> 20,
            most=_MAX_BYTES >> 20,
        )
    with decoding(path):
        dataset: Dataset = pydicom.dcmread(
            path, stop_before_pixels=not pixels, force=path.suffix.lower() in DICOM_SUFFIXES
        )
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        return dataset


def dicom_values(path: str | Path, frame: int | None = None) -> NDArray[Any]:
    """One frame as it was measured.

    Args:
        frame: from 0; the middle one where None.

    Returns:
        float32[H, W] in the file's unit (slope and intercept or the modality LUT applied) for grey pictures,
        uint8[H, W, 3] RGB for coloured ones.

    Raises:
        MediaError: as :func:`dicom_info`, and unsupported for a compression that cannot be read here.
        UsageError: there is no such frame.
    """
    path = Path(path)
    dataset = read_dataset(path, pixels=False)
    return _values(path, dataset, _info(path, dataset), frame)[0]


def dicom_picture(
    path: str | Path, frame: int | None = None, window: Window | None = None, max_side: int | None = None
) -> Image.Image:
    """One frame as an 8-bit picture (mode RGB), through a window; MONOCHROME1 is turned to be seen rightly.

    Args:
        frame: from 0; the middle one where None.
        window: what part of the values to show; the file's first one where None, without one the whole range.
        max_side: longest side in px; larger pictures are reduced.

    Raises:
        MediaError, UsageError: see :func:`dicom_values`.
    """
    path = Path(path)
    dataset = read_dataset(path, pixels=False)
    info = _info(path, dataset)
    values, lut_shown = _values(path, dataset, info, frame, voi=window is None and not _own(info))
    if info.grey:
        chosen = window or next(iter(_own(info)), None)
        if lut_shown or chosen is None:
            low, high = float(values.min()), float(values.max())
            shown = (values - low) / (high - low) if high > low else np.zeros_like(values)
        else:
            shown = through(values, chosen)
        if info.photometric == "MONOCHROME1":
            shown = 1.0 - shown
        values = np.repeat((shown * 255.0 + 0.5).astype(np.uint8)[..., None], 3, axis=2)
    picture = Image.fromarray(np.ascontiguousarray(values))
    if max_side is not None and max(picture.size) > max_side:
        picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return picture


def through(values: NDArray[Any], window: Window) -> NDArray[np.float32]:
    """Values laid through a window: float32 within 0 to 1 (PS3.3 C.11.2.1.2 and C.11.2.1.3).

    Raises UsageError for a width that is not positive (LINEAR: under 1).
    """
    x = np.asarray(values, np.float32)
    c, w = window.centre, window.width
    if not np.isfinite(c) or not w > 0 or (window.function == "LINEAR" and w < 1):
        raise UsageError("A window must be at least 1 wide.", hint="Give centre and width, such as 40/400.")
    if window.function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (x - c) / w, -60, 60))), np.float32)
    if window.function == "LINEAR_EXACT":
        return np.asarray(np.clip((x - c) / w + 0.5, 0.0, 1.0), np.float32)
    if w == 1:
        return np.asarray(x > c - 0.5, np.float32)
    return np.asarray(np.clip((x - (c - 0.5)) / (w - 1.0) + 0.5, 0.0, 1.0), np.float32)


def window_named(text: str, known: Sequence[Window] = CT_WINDOWS) -> Window:
    """A window from a person's words: "40/400", or the name of a preset.

    Raises UsageError for anything else.
    """
    wanted = text.strip().casefold()
    for window in (*known, *CT_WINDOWS):
        if window.name and window.name.casefold() == wanted:
            return window
    try:
        centre, width = (float(part) for part in wanted.replace("−", "-").split("/"))
    except ValueError:
        names = ", ".join(dict.fromkeys(w.name for w in (*known, *CT_WINDOWS) if w.name))
        raise UsageError(
            "{text} is no window.",
            hint="Give centre/width, such as 40/400, or one of: {names}.",
            text=text[:40],
            names=names,
        ) from None
    made = Window(centre, width)
    through(np.zeros(1, np.float32), made)  # says what is wrong with it
    return made


def _own(info: DicomInfo) -> tuple[Window, ...]:
    """The windows that the file itself brings."""
    return tuple(window for window in info.windows if window not in CT_WINDOWS)


def _info(path: Path, dataset: Dataset) -> DicomInfo:
    with decoding(path):
        width, height = int(dataset.get("Columns") or 0), int(dataset.get("Rows") or 0)
        if width <= 0 or height <= 0:
            if not dataset.get("SOPClassUID") and "MediaStorageSOPClassUID" not in dataset.file_meta:
                raise corrupt(path)
            raise MediaError(
                "{name} is a DICOM file without a picture.",
                status="unsupported",
                hint="Choose the files with pictures; an index (DICOMDIR) or a report has none.",
                name=path.name,
            )
        samples = int(dataset.get("SamplesPerPixel") or 1)
        if width * height * samples > _MAX_PIXELS:
            raise too_large(path, width, height)
        syntax = str(dataset.file_meta.TransferSyntaxUID.name)
        modality = str(dataset.get("Modality") or "")
        unit = str(dataset.get("RescaleType") or ("HU" if modality == "CT" else ""))
        burned = str(dataset.get("BurnedInAnnotation") or "").upper()
        return DicomInfo(
            width,
            height,
            max(1, int(dataset.get("NumberOfFrames") or 1)),
            int(dataset.get("BitsStored") or dataset.get("BitsAllocated") or 8),
            bool(dataset.get("PixelRepresentation") or 0),
            str(dataset.get("PhotometricInterpretation") or "MONOCHROME2"),
            float(_deep(dataset, "RescaleSlope", 1.0)),
            float(_deep(dataset, "RescaleIntercept", 0.0)),
            "" if unit == "US" else unit,
            _windows(dataset, modality),
            modality,
            str(dataset.get("BodyPartExamined") or ""),
            str(dataset.get("StudyInstanceUID") or ""),
            str(dataset.get("SeriesNumber") or ""),
            str(dataset.get("InstanceNumber") or ""),
            {"YES": True, "NO": False}.get(burned),
            str(dataset.get("PatientIdentityRemoved") or "").upper() == "YES",
            syntax,
        )


def _deep(dataset: Dataset, keyword: str, default: Any) -> Any:
    """A value of the picture, or of the first functional group that has it (enhanced multi-frame)."""
    if (value := dataset.get(keyword)) not in (None, ""):
        return value
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in list(dataset.get(groups) or [])[:1]:
            for name in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
                for inner in list(group.get(name) or [])[:1]:
                    if (value := inner.get(keyword)) not in (None, ""):
                        return value
    return default


def _windows(dataset: Dataset, modality: str) -> tuple[Window, ...]:
    centres, widths = _many(_deep(dataset, "WindowCenter", [])), _many(_deep(dataset, "WindowWidth", []))
    names = _many(_deep(dataset, "WindowCenterWidthExplanation", []))
    function = str(_deep(dataset, "VOILUTFunction", "LINEAR")).upper()
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        function = "LINEAR"
    found = []
    for place, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        try:
            c, w = float(centre), float(width)
        except (TypeError, ValueError):
            continue
        if np.isfinite(c) and np.isfinite(w) and w >= (1 if function == "LINEAR" else 1e-6):
            found.append(Window(c, w, str(names[place]).lower() if place < len(names) else "", function))
    return (*found, *(CT_WINDOWS if modality == "CT" else ()))


def _many(value: Any) -> list[Any]:
    if value is None or isinstance(value, str | bytes | int | float):
        return [] if value in (None, "") else [value]
    try:
        return list(value)
    except TypeError:
        return [value]


def _values(
    path: Path, dataset: Dataset, info: DicomInfo, frame: int | None, *, voi: bool = False
) -> tuple[NDArray[Any], bool]:
    """Values of a frame, and whether the file's own VOI LUT was laid over them (only with ``voi``)."""
    pixels = _pixels()
    index = info.frames // 2 if frame is None else frame
    if not 0 <= index < info.frames:
        raise UsageError(
            "{name} has no frame {frame}.",
            hint="Its frames are 1 to {frames}.",
            name=path.name,
            frame=index + 1,
            frames=info.frames,
        )
    _check_syntax(path, dataset)
    with decoding(path):
        try:
            raw = pixels.pixel_array(_whole(path, dataset), index=index)
        except (RuntimeError, NotImplementedError) as error:
            if dataset.file_meta.TransferSyntaxUID.is_compressed:
                raise _compressed(path, info.syntax) from error
            raise
        if info.photometric == "PALETTE COLOR":
            raw = pixels.apply_color_lut(raw, dataset)
            if raw.dtype != np.uint8:
                raw = (raw >> 8).astype(np.uint8)
            return raw[..., :3], False
        if raw.ndim == 3:
            if raw.dtype != np.uint8:
                raw = (raw.astype(np.float32) * (255.0 / max(2**info.bits - 1, 1))).clip(0, 255)
            return raw[..., :3].astype(np.uint8), False
        table = dataset.get("ModalityLUTSequence")
        if table:
            values = np.asarray(pixels.apply_modality_lut(raw, dataset), np.float32)
        else:
            values = raw.astype(np.float32) * np.float32(info.slope) + np.float32(info.intercept)
        if voi and dataset.get("VOILUTSequence"):
            source = values.astype(np.int64) if info.slope == 1.0 or table else raw
            return np.asarray(pixels.apply_voi_lut(source, dataset), np.float32), True
        if (padding := dataset.get("PixelPaddingValue")) is not None and not table:
            hidden = raw == int(padding)
            if hidden.any() and not hidden.all():  # outside of the scan: as dark as the darkest inside
                values[hidden] = values[~hidden].min()
        return values, False


def _whole(path: Path, dataset: Dataset) -> Any:
    """What pydicom may decode from: the path, or the parsed file where it has no header of its own."""
    with path.open("rb") as file:
        head = file.read(132)
    if head[128:132] == b"DICM":
        return path
    parsed = read_dataset(path)
    parsed.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    return parsed


def _check_syntax(path: Path, dataset: Dataset) -> None:
    """Refuse a compression that nothing here can decode."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax or syntax.is_private:
        raise _compressed(path, str(syntax))
    if not syntax.is_compressed or syntax.is_deflated:
        return
    try:
        ready = _pixels().get_decoder(syntax).is_available
    except NotImplementedError:
        ready = False
    if not ready:
        raise _compressed(path, str(syntax.name))


def _compressed(path: Path, syntax: str) -> MediaError:
    return MediaError(
        "{name} is compressed in a way that cannot be read here: {syntax}.",
        status="unsupported",
        hint="Save it without compression (Explicit VR Little Endian) in the program it comes from. The extra"
        " “medical” of pip reads JPEG Lossless and JPEG-LS.",
        name=path.name,
        syntax=syntax,
    )


def _pixels() -> Any:
    from pydicom import pixels

    return pixels


def _pydicom() -> Any:
    import pydicom
    from pydicom import config

    # Odd values are normal in hospital files; what matters is checked where it is used.
    config.settings.reading_validation_mode = config.IGNORE
    return pydicom
