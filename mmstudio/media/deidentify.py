"""Taking the person out of a DICOM file: what is not known to be about the picture does not stay.

PS3.15 Annex E lists what the Basic Application Level Confidentiality Profile removes. A list of what goes is
never complete, so this is a list of what stays: the description of the pixels, the windows, the geometry and
a few technical numbers. Everything else goes, private attributes, overlays, dates, descriptions and comments
included; UIDs are replaced by others that keep what belongs together together. The pixels stay as they are,
also compressed: text burned into the picture is warned about, not removed (the Clean Pixel Data option).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import MediaError
from mmstudio.i18n import tr
from mmstudio.media.dicom import dicom_info, read_dataset
from mmstudio.media.guard import decoding

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

METHOD = "MM Studio: list of what stays, after PS3.15 E.1 Basic"
# pixels (PS3.3 C.7.6.3); values and windows (C.11.1, C.11.2); the kind of picture; geometry; how it was made,
# numbers only; enhanced multi-frame
_ON_THE_LIST = """
SamplesPerPixel PhotometricInterpretation Rows Columns PixelAspectRatio BitsAllocated BitsStored HighBit
PixelRepresentation PlanarConfiguration SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue
PixelPaddingRangeLimit PixelData FloatPixelData DoubleFloatPixelData NumberOfFrames FrameIncrementPointer
FloatPixelPaddingValue DoubleFloatPixelPaddingValue ExtendedOffsetTable ExtendedOffsetTableLengths
RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor
BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData GreenPaletteColorLookupTableData
BluePaletteColorLookupTableData LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod

RescaleIntercept RescaleSlope RescaleType ModalityLUTSequence ModalityLUTType LUTDescriptor LUTData
WindowCenter WindowWidth VOILUTFunction VOILUTSequence PresentationLUTShape Units

SpecificCharacterSet SOPClassUID Modality ImageType BodyPartExamined Laterality ImageLaterality ViewPosition
PatientPosition PatientOrientation PresentationIntentType BurnedInAnnotation RecognizableVisualFeatures
SeriesNumber InstanceNumber

PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing SliceThickness SpacingBetweenSlices SliceLocation
ImagePositionPatient ImageOrientationPatient

KVP ExposureTime XRayTubeCurrent Exposure RepetitionTime EchoTime InversionTime FlipAngle
MagneticFieldStrength ScanningSequence SequenceVariant MRAcquisitionType EchoNumbers EchoTrainLength
NumberOfAverages PixelBandwidth FrameTime CineRate RecommendedDisplayFrameRate

SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence PlanePositionSequence
PlaneOrientationSequence FrameVOILUTSequence PixelValueTransformationSequence
"""
_KEPT = frozenset(_ON_THE_LIST.split())
# PS3.3 wants these to be there, if empty.
_EMPTY = """
PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime ReferringPhysicianName StudyID
AccessionNumber
"""
_BLANKED = tuple(_EMPTY.split())
_REPLACED = frozenset(("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"))
_NUMBERS = {"DS", "IS"}
_CODE = re.compile(r"[A-Z0-9_ ]{0,16}")
# A preset's name is free text; these words say nothing of a person.
_PRESETS = """
WINDOW NORMAL HARDER SOFTER HARD SOFT TISSUE BONE BRAIN LUNG LUNGS ABDOMEN LIVER MEDIASTINUM CHEST SPINE
STROKE ANGIO HEAD NECK PELVIS KIDNEY SINUS DEFAULT WIDE NARROW USER ALGO
"""
_WINDOW_WORDS = frozenset(_PRESETS.split())
# What is often burned into the picture itself where a file does not say that it is not.
_OFTEN_BURNED = {"US", "XA", "RF", "ES", "SC", "OT", "XC", "GM", "IVUS", "OP"}


@dataclass(slots=True)
class Deidentified:
    """What was done to one file: attribute names (never values), each once, in order.

    Attributes:
        removed, blanked, replaced: keywords of standard attributes.
        private: how many private attributes were removed.
        warnings: sentences about what this cannot do and a person must look at.
    """

    removed: list[str] = field(default_factory=list)
    blanked: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    private: int = 0
    warnings: list[str] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """The report in words."""
        said = [
            tr("{n} attributes removed: {names}", n=len(self.removed), names=", ".join(self.removed) or "-"),
            tr("{n} attributes emptied: {names}", n=len(self.blanked), names=", ".join(self.blanked) or "-"),
            tr(
                "{n} identifiers replaced: {names}",
                n=len(self.replaced),
                names=", ".join(self.replaced) or "-",
            ),
            tr("{n} private attributes removed", n=self.private),
        ]
        return said + self.warnings

    def to_dict(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "removed": self.removed,
            "blanked": self.blanked,
            "replaced": self.replaced,
            "private": self.private,
            "warnings": self.warnings,
        }


def deidentify(source: str | Path, target: str | Path, new_uid: Callable[[str], str]) -> Deidentified:
    """Write a copy of a DICOM picture without the person it is of.

    Args:
        source: the file as the scanner wrote it; only read.
        target: where the copy goes (a ``.dcm``); the same source and ``new_uid`` give the same bytes.
        new_uid: another UID for a UID, always the same one for the same.

    Raises:
        MediaError: no DICOM, no picture in it, too large, or it cannot be written again.
    """
    from pydicom.dataset import FileMetaDataset

    source, target = Path(source), Path(target)
    info = dicom_info(source)
    report = Deidentified()
    dataset = read_dataset(source)
    with decoding(source):
        if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
            raise MediaError(
                "{name} is a DICOM file without a picture.",
                status="unsupported",
                hint="Choose the files with pictures; an index (DICOMDIR) or a report has none.",
                name=source.name,
            )
        names = _window_names(dataset)
        _clean(dataset, report, new_uid)
        for keyword in _BLANKED:
            setattr(dataset, keyword, "")
        if names:
            dataset.WindowCenterWidthExplanation = names
        _say(dataset, report)
        syntax = dataset.file_meta.TransferSyntaxUID
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.preamble = b"\0" * 128
        dataset.save_as(target, enforce_file_format=True)
    report.warnings = warnings_of(info.modality, info.burned_in, info.body_part)
    return report


def warnings_of(modality: str, burned_in: bool | None, body_part: str = "") -> list[str]:
    """What a person must look at, because it is in the pixels."""
    said = []
    if burned_in:
        said.append(tr("The file says that text is burned into the picture: look whether it names a person."))
    elif burned_in is None and modality.upper() in _OFTEN_BURNED:
        said.append(tr("Pictures of this kind often carry burned-in text: look whether it names a person."))
    if modality.upper() in ("CT", "MR", "PT") and re.search("HEAD|BRAIN|SKULL|FACE|NECK", body_part.upper()):
        said.append(tr("A face can be made visible again from scans of a head."))
    return said


def deidentification_of(path: str | Path) -> Deidentified | None:
    """The report that a file of :func:`deidentify` carries; None for any other file. Raises MediaError."""
    path = Path(path)
    dataset = read_dataset(path, pixels=False)
    with decoding(path):
        lines = dataset.get("DeidentificationMethod") or []
        lines = [lines] if isinstance(lines, str) else [str(line) for line in lines]
        if not lines or lines[0] != METHOD:
            return None
        info = dicom_info(path)
        report = Deidentified(warnings=warnings_of(info.modality, info.burned_in, info.body_part))
        lists = {"removed": report.removed, "blanked": report.blanked, "replaced": report.replaced}
        for line in lines[1:]:
            what, _, value = line.partition(" ")
            if what in lists:
                lists[what].append(value)
            elif what == "private" and value.isdigit():
                report.private = int(value)
        return report


def _clean(dataset: Dataset, report: Deidentified, new_uid: Callable[[str], str]) -> None:
    """Take everything out of a dataset that is not on the list, and out of the sequences that stay."""
    for element in list(dataset):
        keyword = element.keyword
        if element.tag.is_private or not keyword:
            report.private += 1
            del dataset[element.tag]
        elif keyword in _REPLACED:
            element.value = new_uid(str(element.value))
            _note(report.replaced, keyword)
        elif keyword not in _KEPT or not _harmless(element):
            if keyword in _BLANKED:
                _note(report.blanked, keyword)
            elif keyword != "WindowCenterWidthExplanation" and element.tag.element != 0:
                _note(report.removed, keyword)
            del dataset[element.tag]
        elif element.VR == "SQ":
            for item in element.value:
                _clean(item, report, new_uid)


def _harmless(element: DataElement) -> bool:
    """Whether a value is of the form its kind of attribute has: a hostile file may put a name anywhere."""
    if element.VR in _NUMBERS:
        return all(_is_number(value) for value in _list(element.value))
    if element.VR == "CS":
        return all(_CODE.fullmatch(str(value)) for value in _list(element.value))
    if element.VR == "LO":  # RescaleType
        return str(element.value) in ("HU", "OD", "US", "MGML", "Z_EFF", "ED", "EDW", "HU_MOD", "PCT")
    return element.VR not in ("PN", "LT", "ST", "UT", "SH", "UC", "UR", "DA", "DT", "TM", "UN")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None
    return True


def _list(value: Any) -> list[Any]:
    from pydicom.multival import MultiValue

    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def _window_names(dataset: Dataset) -> list[str]:
    given = [str(name).upper() for name in _list(dataset.get("WindowCenterWidthExplanation") or [])]
    if not any(given):
        return []
    return [
        name if set(re.findall(r"[A-Z]+", name)) <= _WINDOW_WORDS and len(name) <= 24 else f"WINDOW{place}"
        for place, name in enumerate(given, 1)
    ]


def _say(dataset: Dataset, report: Deidentified) -> None:
    """Write into the file that and how it was done (PS3.15 E.1, PS3.3 C.12.1.1.4)."""
    from pydicom import Dataset as New

    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    dataset.DeidentificationMethod = [
        METHOD,
        *(f"removed {name}"[:64] for name in report.removed),
        *(f"blanked {name}"[:64] for name in report.blanked),
        *(f"replaced {name}"[:64] for name in report.replaced),
        f"private {report.private}",
    ]
    code = New()
    code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    dataset.DeidentificationMethodCodeSequence = [code]


def _note(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
