"""DICOM files in the library: pictures like others, without the person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmstudio.jobs import JobContext
from mmstudio.library import Library
from mmstudio.library.importing import import_work, rescan_work
from mmstudio.library.importing.medical import kept_copy
from mmstudio.media.dicom import dicom_info, dicom_values
from support.libraries import new_library
from support.medical import NUMBER, body, make_dicom


def _run(work: Any) -> dict[str, Any]:
    steps = work(JobContext(0, {}))
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return dict(end.value)


def _everything(library: Library) -> bytes:
    library.close()
    files = [path for path in sorted(library.path.rglob("*")) if path.is_file()]
    return b"".join(path.read_bytes() + path.name.encode() for path in files)


def test_a_study_comes_in_without_the_person(tmp_path: Path) -> None:
    library = new_library(tmp_path)
    scans = tmp_path / "scans"
    scans.mkdir()
    make_dicom(scans / "Muster_Erika_1.dcm", body(seed=1))
    make_dicom(scans / "IM000002", body(seed=2), InstanceNumber=8)  # no suffix, as scanners write it
    Image.new("RGB", (8, 8)).save(scans / "photo.png")
    report = _run(import_work(library, [scans]))
    assert (report["added"], report["deidentified"], report["failed"]) == (3, 2, [])
    assert {"PatientAddress", "InstitutionName"} <= set(report["removed_attributes"])
    assert "PatientName" in report["emptied_attributes"]
    assert "StudyInstanceUID" in report["replaced_attributes"]
    assert report["private_attributes"] == 4
    assets = {asset.title: asset for asset in library.assets.get_many(library.assets.ids())}
    assert set(assets) == {"CT chest 3/7", "CT chest 3/8", "photo"}
    one = assets["CT chest 3/7"]
    path = library.assets.path_of(one)
    assert path.is_relative_to(library.path)
    assert (one.kind, one.origin, one.status) == (
        "image",
        "imported",
        "ok",
    )
    assert np.array_equal(dicom_values(path), body(seed=1))
    assert [str(window) for window in dicom_info(path).windows[:2]] == ["40/400", "-600/1500"]
    assert library.assets.thumbnail_path(one.sha256).is_file()
    assert set(library.assets.tags_of([one.id])[one.id]) == {"dicom", "ct"}
    again = _run(import_work(library, [scans]))
    assert (again["added"], again["unchanged"]) == (0, 3)
    later = _run(rescan_work(library))
    assert (later["added"], later["missing"]) == (0, 0)
    assert kept_copy(library, scans / "Muster_Erika_1.dcm").id == one.id
    kept = _everything(library)
    for word in ("Erika", NUMBER, "Musterweg", "Muster_Erika", "IM000002"):
        assert word.encode() not in kept, word


def test_what_cannot_be_read_is_named_and_nothing_points_at_it(tmp_path: Path) -> None:
    library = new_library(tmp_path)
    scans = tmp_path / "scans"
    scans.mkdir()
    make_dicom(scans / "report.dcm", PixelData=None)
    (scans / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x07" * 99)
    (scans / "empty.dcm").write_bytes(b"")
    make_dicom(scans / "cut.dcm")
    data = (scans / "cut.dcm").read_bytes()
    (scans / "cut.dcm").write_bytes(data[:-500])
    make_dicom(scans / "us.dcm", np.zeros((9, 9, 3), np.uint8), Modality="US")
    report = _run(import_work(library, [scans]))
    failed = {Path(path).name: reason for path, reason in report["failed"]}
    assert set(failed) == {"report.dcm", "broken.dcm", "empty.dcm", "cut.dcm"}
    assert "without a picture" in failed["report.dcm"]
    assert "cut.dcm" in failed["cut.dcm"]
    assert [Path(path).name for path, _said in report["file_notes"]] == ["us.dcm"]
    assert [a.title for a in library.assets.get_many(library.assets.ids())] == ["US chest 3/7"]
    assert not list((library.path / "thumbnails" / ".tmp").glob("*.dcm"))
    later = _run(rescan_work(library))  # what could not be read is not said again until it changes
    assert (later["failed"], later["added"], later["unchanged"]) == ([], 0, 5)
    (scans / "cut.dcm").write_bytes(data)
    assert _run(rescan_work(library))["added"] == 1
    assert json.dumps(report)
