"""DICOM files of an invented person, made here with pydicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

NAME, NUMBER, WARD = "Muster^Erika", "PAT-4711", "Station Nordlicht"
STUDY, SERIES, FRAME = "1.2.40.0.13.1.77.1", "1.2.40.0.13.1.77.2", "1.2.40.0.13.1.77.3"


def body(size: int = 64, seed: int = 0) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Something like a slice: air outside, soft tissue inside, two lungs, a bone; HU as int16."""
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    hu = np.full((size, size), -1000.0)
    hu[(x / 0.45) ** 2 + (y / 0.36) ** 2 < 1] = 40
    for side in (-1, 1):
        hu[((x - side * 0.2) / 0.14) ** 2 + (y / 0.22) ** 2 < 1] = -800
    hu[(x / 0.06) ** 2 + ((y - 0.24) / 0.06) ** 2 < 1] = 700
    noise = np.random.default_rng(seed).normal(0, 12, hu.shape)
    return np.clip(hu + noise, -1024, 3071).astype(np.int16)


def make_dicom(path: Path, pixels: np.ndarray[Any, Any] | None = None, **fields: Any) -> Path:
    """A CT slice with a person's data everywhere; ``fields`` replace attributes (None removes one)."""
    from pydicom import Dataset
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    hu = body() if pixels is None else pixels
    colour = hu.ndim == 3 and hu.shape[-1] == 3
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"Erika Muster".ljust(128, b"\0"))
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(path)])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = STUDY, SERIES, FRAME
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = NAME, NUMBER, "19700101"
    dataset.PatientSex, dataset.PatientAge, dataset.PatientAddress = "F", "056Y", "Musterweg 7"
    dataset.StudyDate = dataset.AcquisitionDate = "20240229"
    dataset.StudyTime, dataset.AccessionNumber, dataset.StudyID = "101500", "ACC-99", "S-12"
    dataset.InstitutionName, dataset.InstitutionalDepartmentName = "Klinikum Musterstadt", WARD
    dataset.ReferringPhysicianName = dataset.OperatorsName = "Arzt^Anton"
    dataset.StudyDescription, dataset.ImageComments = "Thorax Erika Muster", "call +49 170 1234567"
    dataset.Modality, dataset.BodyPartExamined, dataset.SeriesNumber, dataset.InstanceNumber = (
        "CT",
        "CHEST",
        3,
        7,
    )
    block = dataset.private_block(0x0099, "MM TEST", create=True)
    block.add_new(0x01, "LO", "Erika Muster again")
    inner = Dataset()
    inner.PatientName, inner.ReferencedSOPInstanceUID = NAME, "1.2.3.4"
    dataset.ReferencedImageSequence = [inner]
    dataset.Rows, dataset.Columns = (hu.shape[-3], hu.shape[-2]) if colour else hu.shape[-2:]
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    if hu.ndim == 3 and not colour:
        dataset.NumberOfFrames = hu.shape[0]
    dataset.BitsAllocated = dataset.BitsStored = hu.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(hu.dtype.kind == "i")
    if not colour:
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "HU"
        dataset.WindowCenter, dataset.WindowWidth = ["40", "-600"], ["400", "1500"]
        dataset.WindowCenterWidthExplanation = ["ABDOMEN", "Dr Anton lung"]
    dataset.PixelSpacing = ["0.7", "0.7"]
    dataset.PixelData = hu.tobytes()
    for name, value in fields.items():
        if name == "TransferSyntaxUID":
            meta.TransferSyntaxUID = value
        elif value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    return path
