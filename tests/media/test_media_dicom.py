"""DICOM: values, windows, frames, and what is left of the person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import apply_windowing
from pydicom.uid import JPEGLSLossless, generate_uid

from mmstudio.errors import MediaError, UsageError
from mmstudio.media.deidentify import deidentification_of, deidentify
from mmstudio.media.dicom import Window, dicom_info, dicom_picture, dicom_values, through, window_named
from mmstudio.media.image import load_image
from mmstudio.media.probe import probe
from support.medical import FRAME, NAME, NUMBER, SERIES, STUDY, WARD, body, make_dicom


def _uid(uid: str) -> str:
    return generate_uid(entropy_srcs=["secret", uid])


def test_values_are_what_was_measured(tmp_path: Path) -> None:
    stored = (body().astype(np.int32) + 1024).astype(np.uint16)
    path = make_dicom(tmp_path / "a.dcm", stored, RescaleIntercept="-1024", BitsStored=12, HighBit=11)
    assert np.array_equal(dicom_values(path), body().astype(np.float32))
    info = dicom_info(path)
    assert (info.width, info.height, info.bits, info.signed, info.unit) == (64, 64, 12, False, "HU")
    assert info.windows[0] == Window(40, 400, "abdomen")
    assert probe(path).format == "dicom"


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_window_is_that_of_pydicom(tmp_path: Path, function: str) -> None:
    path = make_dicom(tmp_path / "a.dcm", VOILUTFunction=function)
    dataset = pydicom.dcmread(path)
    theirs = apply_windowing(dataset.pixel_array, dataset, index=0)
    span = 65535.0
    ours = through(dicom_values(path), Window(40, 400, "", function))
    assert np.abs(ours - (theirs + 32768.0) / span).max() < 1e-4


def test_the_view_can_be_changed_and_negative_pictures_are_turned(tmp_path: Path) -> None:
    path = make_dicom(tmp_path / "a.dcm")
    tissue, lung = dicom_picture(path), dicom_picture(path, window=window_named("lung"))
    middle_of_a_lung = (32 + 13, 32)
    assert tissue.getpixel(middle_of_a_lung) == (0, 0, 0)
    assert lung.getpixel(middle_of_a_lung)[0] > 60  # type: ignore[index]
    turned = make_dicom(tmp_path / "b.dcm", PhotometricInterpretation="MONOCHROME1")
    total = np.asarray(dicom_picture(turned)).astype(int) + np.asarray(tissue)
    assert np.abs(total - 255).max() <= 1
    assert load_image(path).tobytes() == tissue.tobytes()


def test_colour_eight_bits_and_frames(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(dicom_picture(make_dicom(tmp_path / "c.dcm", rgb))), rgb)
    frames = np.stack([np.full((8, 10), value, np.uint8) for value in (0, 100, 200)])
    path = make_dicom(tmp_path / "f.dcm", frames, WindowCenter="128", WindowWidth="256")
    assert dicom_info(path).frames == 3
    assert [dicom_picture(path, frame=n).getpixel((0, 0))[0] for n in range(3)] == [0, 100, 200]  # type: ignore[index]
    assert dicom_picture(path).getpixel((0, 0))[0] == 100  # type: ignore[index]  # the middle one stands for it
    with pytest.raises(UsageError, match="no frame 9"):
        dicom_picture(path, frame=8)


def test_without_a_window_the_whole_range_is_seen(tmp_path: Path) -> None:
    path = make_dicom(tmp_path / "a.dcm", WindowCenter=None, WindowWidth=None, Modality="MR")
    values = np.asarray(dicom_picture(path))
    assert (values.min(), values.max()) == (0, 255)


@pytest.mark.parametrize("text", ["", "lungs of Erika", "40", "40/0", "40/-3", "nan/400", "1/2/3"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        window_named(text)


def test_the_person_is_gone(tmp_path: Path) -> None:
    source = make_dicom(tmp_path / "Muster_Erika.dcm")
    before = source.read_bytes()
    report = deidentify(source, tmp_path / "out.dcm", _uid)
    data = (tmp_path / "out.dcm").read_bytes()
    for word in (NAME, "Erika", NUMBER, "Musterweg", "19700101", "20240229", "ACC-99", WARD, "Anton", "+49",
                 STUDY, SERIES, FRAME, "1.2.3.4", "MM TEST"):  # fmt: skip
        assert word.encode() not in data, word
    assert source.read_bytes() == before
    assert report.private == 2
    assert {
        "PatientAddress",
        "ImageComments",
        "InstitutionName",
        "AcquisitionDate",
        "ReferencedImageSequence",
    } <= set(report.removed)
    assert {"PatientName", "PatientID", "StudyDate", "AccessionNumber"} <= set(report.blanked)
    assert set(report.replaced) == {
        "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID",
    }  # fmt: skip
    clean = pydicom.dcmread(tmp_path / "out.dcm")
    assert clean.PatientName == ""
    assert clean.PatientIdentityRemoved == "YES"
    assert clean.file_meta.MediaStorageSOPInstanceUID == clean.SOPInstanceUID
    assert np.array_equal(clean.pixel_array, body())
    assert dicom_info(tmp_path / "out.dcm").windows[1] == Window(-600, 1500, "window2")
    assert deidentification_of(tmp_path / "out.dcm") == report
    assert deidentification_of(source) is None


def test_what_belongs_together_stays_together_and_the_bytes_repeat(tmp_path: Path) -> None:
    one, two = make_dicom(tmp_path / "1.dcm"), make_dicom(tmp_path / "2.dcm")
    for name, source in (("a", one), ("b", two), ("c", one)):
        deidentify(source, tmp_path / name, _uid)
    read = [pydicom.dcmread(tmp_path / name) for name in "ab"]
    assert read[0].StudyInstanceUID == read[1].StudyInstanceUID != STUDY
    assert read[0].SOPInstanceUID != read[1].SOPInstanceUID
    assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()


def test_burned_in_text_and_faces_are_warned_about(tmp_path: Path) -> None:
    def warnings(**fields: str) -> list[str]:
        return deidentify(make_dicom(tmp_path / "w.dcm", **fields), tmp_path / "o.dcm", _uid).warnings

    assert len(warnings(BurnedInAnnotation="YES")) == 1
    assert len(warnings(Modality="US")) == 1
    assert warnings(Modality="US", BurnedInAnnotation="NO") == []
    assert len(warnings(BodyPartExamined="HEAD")) == 1
    assert warnings() == []


def test_a_name_where_a_code_belongs_goes_too(tmp_path: Path) -> None:
    path = make_dicom(tmp_path / "h.dcm")
    dataset = pydicom.dcmread(path)
    dataset.add_new("BodyPartExamined", "LO", "Erika's chest")
    dataset.add_new("RescaleType", "LO", "Erika")
    dataset.save_as(path)
    report = deidentify(path, tmp_path / "o.dcm", _uid)
    assert b"Erika" not in (tmp_path / "o.dcm").read_bytes()
    assert {"BodyPartExamined", "RescaleType"} <= set(report.removed)


def test_broken_files_get_one_sentence(tmp_path: Path) -> None:
    good = make_dicom(tmp_path / "good.dcm").read_bytes()
    cases = {
        "text.dcm": b"this is no DICOM at all, whatever its name says " * 9,
        "cut.dcm": good[: len(good) - 3000],
        "head.dcm": good[:140],
        "noise.dcm": good[:200] + np.random.default_rng(2).bytes(4000),
    }
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(MediaError, match=name):
            dicom_picture(tmp_path / name)
    nothing = make_dicom(tmp_path / "none.dcm", PixelData=None)
    with pytest.raises(MediaError, match="without a picture"):
        deidentify(nothing, tmp_path / "out.dcm", _uid)
    flat = make_dicom(tmp_path / "flat.dcm", Rows=None)
    with pytest.raises(MediaError, match="without a picture"):
        dicom_picture(flat)


def test_sizes_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    huge = make_dicom(tmp_path / "huge.dcm", Rows=65000, Columns=65000)
    with pytest.raises(MediaError) as error:
        dicom_picture(huge)
    assert error.value.status == "too_large"


def test_a_compression_that_nothing_here_reads_is_named(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate

    path = make_dicom(tmp_path / "j.dcm")
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate([b"\xff\xd8\xff\xf7 not for us"])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    dataset.save_as(path)
    with pytest.raises(MediaError, match="JPEG-LS") as error:
        dicom_picture(path)
    assert error.value.status == "unsupported"


def test_run_length_coding_is_read(tmp_path: Path) -> None:
    from pydicom.uid import RLELossless

    dataset = pydicom.dcmread(make_dicom(tmp_path / "r.dcm"))
    dataset.compress(RLELossless)
    dataset.save_as(tmp_path / "r.dcm")
    deidentify(tmp_path / "r.dcm", tmp_path / "o.dcm", _uid)
    assert np.array_equal(dicom_values(tmp_path / "o.dcm"), body())
    assert isinstance(dicom_picture(tmp_path / "o.dcm"), Image.Image)


@pytest.mark.parametrize(
    "syntax", ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEGLSNearLossless"]
)
def test_the_extra_medical_reads_what_hospitals_compress_with(tmp_path: Path, syntax: str) -> None:
    gdcm = pytest.importorskip("gdcm")
    stored = (body().astype(np.int32) + 1024).clip(0, 4095).astype(np.uint16)
    plain = make_dicom(tmp_path / "a.dcm", stored, RescaleIntercept="-1024", BitsStored=12, HighBit=11)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetImage(change.GetOutput())
    writer.SetFile(reader.GetFile())
    writer.SetFileName(str(tmp_path / "b.dcm"))
    assert writer.Write()
    assert pydicom.dcmread(tmp_path / "b.dcm").file_meta.TransferSyntaxUID.is_compressed
    assert np.array_equal(dicom_values(tmp_path / "b.dcm"), dicom_values(plain))
    assert dicom_picture(tmp_path / "b.dcm").size == (64, 64)
