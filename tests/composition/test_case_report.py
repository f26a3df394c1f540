"""Case reports: records without the person, studies through one window, synthetic pictures marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Composer
from mmstudio.composition.editing.alternatives import place
from mmstudio.composition.layout import reframe
from mmstudio.composition.making.records import records_of
from mmstudio.composition.render import Renderer
from mmstudio.composition.storyboard import Storyboard, TextLayer
from mmstudio.errors import MediaError, UsageError
from mmstudio.export.web.blocks import walk
from mmstudio.jobs import JobContext
from mmstudio.library import Library
from mmstudio.library.importing import import_work, register_generated
from mmstudio.media.dicom import Window, dicom_picture
from mmstudio.media.image import image_array
from mmstudio.studio import Studio
from support.libraries import add_asset, new_library
from support.media import make_wav
from support.medical import body, make_dicom

NOTES = """Patient: Erika Muster
Born: 1970-01-01
A cough since 2024-02-10. Erika reports fever. Call +49 170 1234567 or erika@example.org.
Seen again on 2024-02-15.
"""
LABS = "Patient Name,Date,Test,Value\nErika Muster,2024-02-29,CRP,12\nErika Muster,2024-03-05,CRP,4\n"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return new_library(tmp_path)


def _import(library: Library, *paths: Path) -> list[int]:
    before = set(library.assets.ids())
    for _ in import_work(library, paths)(JobContext(0, {})):
        pass
    return sorted(set(library.assets.ids()) - before)


def _scans(library: Library, tmp_path: Path, **second: Any) -> list[int]:
    folder = tmp_path / "scans"
    folder.mkdir()
    one = make_dicom(folder / "a.dcm", body(64, 1))
    two = make_dicom(folder / "b.dcm", body(64, 2), InstanceNumber=8, **second)
    return [*_import(library, one), *_import(library, two)]


def _compose(library: Library, text: str = "", ids: list[int] | None = None, **options: object) -> Storyboard:
    given = {"text": text, "asset_ids": ids or [], "title": "A case", "options": options}
    return Composer(library, None, None).compose("case-report", inputs=given)


def _words(board: Storyboard) -> str:
    blocks = [f"{block.text} {block.data}" for block in walk(board.blocks)]
    return " ".join([board.name, *board.copy.values(), *blocks, str(board.inputs)])


def test_records_lose_the_person_and_keep_the_case(library: Library) -> None:
    board = _compose(library, NOTES)
    said = _words(board)
    for word in ("Erika", "Muster", "1970", "4567", "example.org", "2024"):
        assert word not in said, word
    assert "A cough since day 0." in said
    assert "day 5" in said
    again = Composer(library, None, None).again(board)
    assert again.copy["cover.note1"] == board.copy["cover.note1"]


def test_a_table_stays_a_table(library: Library, tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_text(LABS, encoding="utf-8")
    board = _compose(library, "", _import(library, tmp_path / "labs.csv"))
    table = next(block for block in board.blocks if block.kind == "table")
    assert table.data["head"] == ["Date", "Test", "Value"]
    assert table.data["rows"] == [["day 0", "CRP", "12"], ["day 5", "CRP", "4"]]
    page = next(scene for scene in board.scenes if scene.name == "table")
    shown = [board.text_of(layer) for layer in page.layers if isinstance(layer, TextLayer)]
    assert {"CRP", "day 5", "4"} <= set(shown)
    pasted = _compose(library, LABS)
    assert next(b for b in pasted.blocks if b.kind == "table").data == table.data


def test_every_page_says_that_it_is_a_draft(library: Library, tmp_path: Path) -> None:
    board = _compose(library, NOTES, _scans(library, tmp_path))
    assert board.pages
    assert board.marks == ["Draft: diagnoses nothing"]
    for scene in board.scenes:
        foot = next(layer for layer in scene.layers if layer.name == "foot")
        assert isinstance(foot, TextLayer)
        assert "diagnoses nothing" in board.text_of(foot)
        assert not foot.hidden
    assert [block.kind for block in board.blocks].count("disclaimer") == 2
    for size in ((1240, 1754), (1920, 1080), (1080, 1080)):
        frame = Renderer(reframe(board, size), library).frame(
            board.scenes[1].start + 1, (size[0] // 5, size[1] // 5)
        )
        assert not frame.isNull()


def test_studies_stand_side_by_side_through_one_window(library: Library, tmp_path: Path) -> None:
    lung = {"WindowCenter": "-600", "WindowWidth": "1500", "WindowCenterWidthExplanation": "LUNG"}
    ids = _scans(library, tmp_path, **lung)
    board = _compose(library, "", ids)
    page = next(scene for scene in board.scenes if scene.name == "studies2")
    views = [layer for layer in page.layers if layer.name in ("picture1", "picture2")]
    assert views[0].rect.y == views[1].rect.y
    assert views[0].rect.x + views[0].rect.w < views[1].rect.x
    sources = [library.assets.path_of(library.assets.get(asset)) for asset in ids]
    for layer, source in zip(views, sources, strict=True):
        asset = library.assets.get(getattr(layer, "asset_id", None) or 0)
        assert asset.origin == "imported"
        shown = image_array(library.assets.path_of(asset))
        assert np.array_equal(shown, np.asarray(dicom_picture(source, None, Window(40, 400))))
    assert "level 40, width 400" in board.copy["studies2.caption2"]
    own = _compose(library, "", ids, window="own")
    assert "level -600, width 1500" in own.copy["studies2.caption2"]
    bone = _compose(library, "", ids, window="bone")
    assert "level 400, width 1800 (bone)" in bone.copy["studies2.caption1"]


def test_what_the_import_removed_is_reported(library: Library, tmp_path: Path) -> None:
    said = " ".join(_compose(library, "", _scans(library, tmp_path)).blocks[-2].data["items"])
    assert "DICOM: 2 pictures" in said
    assert "4 private attributes removed" in said
    assert "Free text was not read" in said


def test_generated_pictures_are_marked_where_they_stand(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "made.png"
    Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(file)
    made = register_generated(library, file, "image", "Drawn", model="m", seed=1)
    real = _scans(library, tmp_path)[0]
    board = _compose(library, "", [made, real])
    assert board.marks == ["Draft: diagnoses nothing", "Contains synthetic pictures"]
    page = next(scene for scene in board.scenes if scene.name == "studies2")
    assert board.copy[f"{page.name}.synthetic1"] == "SYNTHETIC"
    assert board.copy[f"{page.name}.synthetic2"] == ""
    alone = Renderer(board, library).frame(page.start + 1, (620, 876))
    board.copy[f"{page.name}.synthetic1"] = ""
    assert Renderer(board, library).frame(page.start + 1, (620, 876)) != alone  # it is drawn
    assert [s.kind for s in board.sources if s.part.startswith("study")] == ["generated", "asset"]
    group = next(block for block in board.blocks if block.kind == "group")
    assert group.data["blocks"][0]["text"].startswith("SYNTHETIC")


def test_the_mark_follows_a_picture_that_is_exchanged(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "made.png"
    Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(file)
    made = register_generated(library, file, "image", "Drawn", model="m", seed=1)
    real = _scans(library, tmp_path)
    board = _compose(library, "", real)
    page = next(n for n, scene in enumerate(board.scenes) if scene.name == "studies2")
    swapped = place(library, board, page, "picture1", made)
    assert swapped.copy["studies2.synthetic1"] == "SYNTHETIC"
    assert swapped.copy["studies2.synthetic2"] == ""
    assert swapped.copy["studies2.caption1"] == "Drawn"  # not that of the picture before
    assert swapped.marks == ["Draft: diagnoses nothing", "Contains synthetic pictures"]
    assert board.copy["studies2.synthetic1"] == ""  # what undo goes back to
    back = place(library, swapped, page, "picture1", real[0])
    assert back.copy["studies2.synthetic1"] == ""
    assert back.marks == ["Draft: diagnoses nothing"]


def test_the_list_of_jobs_does_not_name_the_person_either(library: Library) -> None:
    path = library.path
    library.close()
    with Studio.open(path) as studio:
        inputs = {"text": NOTES, "title": "A case"}
        done = studio.submit("compose", {"recipe": "case-report", "inputs": inputs})
        board = studio.composer.load(done.result(30)["storyboard"])
        kept = next(job for job in studio.library.jobs.list() if job.kind == "compose")
        for word in ("Erika", "Muster", "1970", "4567", "example.org", "2024"):
            assert word not in str(kept.params), word
        again = studio.composer.compose(**kept.params)  # as it would go on after a crash
        assert again.copy["cover.note1"] == board.copy["cover.note1"]
        told = {"text": "A fox named Erika goes home."}
        studio.submit("compose", {"recipe": "story", "inputs": told}).result(60)
        assert studio.library.jobs.list()[0].params["inputs"] == told


def test_no_pixel_of_a_picture_is_cut_off(library: Library, tmp_path: Path) -> None:
    pixels = np.zeros((90, 30, 3), np.uint8)  # tall: a photo may lose its ends, a scan must not
    pixels[:3], pixels[-3:] = (250, 0, 0), (0, 250, 0)
    Image.fromarray(pixels).save(tmp_path / "tall.png")
    board = _compose(library, "", _import(library, tmp_path / "tall.png"))
    page = next(scene for scene in board.scenes if scene.name == "studies1")
    box = next(layer.rect for layer in page.layers if layer.name == "picture1")
    frame = Renderer(board, library).frame(page.start + 1, (620, 876))
    middle = round((box.x + box.w / 2) * 620)
    top = frame.pixelColor(middle - 50, round(box.y * 876) + 4)
    bottom = frame.pixelColor(middle + 50, round((box.y + box.h) * 876) - 5)
    assert (top.red() > 200, top.green() < 60) == (True, True)
    assert (bottom.green() > 200, bottom.red() < 60) == (True, True)


def test_frames_are_chosen(library: Library, tmp_path: Path) -> None:
    frames = np.stack([np.full((8, 10), value, np.uint8) for value in (0, 100, 200)])
    ids = _import(library, make_dicom(tmp_path / "f.dcm", frames, WindowCenter="128", WindowWidth="256"))
    board = _compose(library, "", ids, frame=3)
    assert "frame 3 of 3" in board.copy["studies1.caption1"]
    with pytest.raises(UsageError, match="no frame 4"):
        _compose(library, "", ids, frame=4)


def test_a_dicom_file_that_was_not_cleaned_is_refused(library: Library, tmp_path: Path) -> None:
    raw = add_asset(library, make_dicom(tmp_path / "raw.dcm"))
    with pytest.raises(UsageError, match="whose it is"):
        _compose(library, "", [raw])


def test_nothing_and_wrong_things_are_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        _compose(library, "  \n")
    with pytest.raises(UsageError):
        _compose(library, "Patient: Erika Muster")
    sound = add_asset(library, make_wav(tmp_path / "a.wav"), kind="audio", duration=1.0)
    with pytest.raises(MediaError):
        _compose(library, "A note.", [sound])
    with pytest.raises(UsageError):
        _compose(library, "", _scans(library, tmp_path), window="nonsense")


def test_chinese_reports_are_chinese(library: Library) -> None:
    board = _compose(library, "姓名：王小明\n王小明咳嗽三周，2024年2月10日开始发热。体重没有下降。")
    assert board.locale == "zh-CN"
    assert "王小明" not in _words(board)
    assert board.marks == ["草稿：不作诊断"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a,b\n=cmd|' /C calc'!A0,+1\n@x,-2",
        "x" * 50_000,
        "word " * 10_000,
        '"unclosed,quote\n1,2\n3,4',
        "\x00\x07\u202e sign\n" * 300,
        ";;;;\n;;;;\n",
    ],
)
def test_hostile_records_are_only_text(library: Library, text: str) -> None:
    try:
        board = _compose(library, text)
    except UsageError:
        return  # nothing was left to report
    for words in board.copy.values():
        assert len(words) <= 2000
        assert not any(c < " " or "\u202a" <= c <= "\u202e" for c in words)


def test_birth_dates_and_ids_go_whatever_the_column_is_called() -> None:
    table = "birthDate;MRN;住址;Value\n1970-01-01;77123456;Musterweg 7;5\n"
    made = records_of([("t", table, True), ("", "Lives at Musterweg 7 now.", False)])
    assert made.tables[0].head == ["Value"]
    assert made.notes == ["Lives at […] now."]
    assert made.removed == ["birthDate", "MRN", "住址"]
