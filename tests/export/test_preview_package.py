"""The preview package: written, opened in a browser, commented on, taken back in; hostile files refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.composition import ImageLayer, Rect, Scene, SoundTrack, Storyboard, TextLayer
from mmstudio.errors import Cancelled, NotFound, StudioError, UsageError
from mmstudio.export.package import import_remarks, package_work
from mmstudio.jobs import run_inline
from mmstudio.library import AssetFilter
from support.browser import Browser, chromium, open_browser
from support.shop import Shop, make_shop

HOSTILE = "</script><script>document.title='owned'</script><img src=http://evil.example/x.png>"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("package-shop"))
    yield made
    made.library.close()


@pytest.fixture(scope="module")
def boards(shop: Shop) -> list[int]:
    """Two storyboards of a second: a film's worth of scenes, and one with a hostile text."""
    picture = shop.library.assets.ids(AssetFilter(kinds=("image",)))[0]
    sound = shop.library.assets.ids(AssetFilter(kinds=("audio",)))[0]
    ids: list[int] = []
    for name, words in (("Spring ad", "Ready for the weekend"), (HOSTILE, HOSTILE)):
        layers = [
            ImageLayer(name="hero", asset_id=picture, rect=Rect(0.1, 0.1, 0.8, 0.6)),
            TextLayer(name="words", bind="headline", rect=Rect(0.1, 0.75, 0.8, 0.2)),
        ]
        board = Storyboard(
            name=name, recipe="hand", size=(320, 240), fps=10, duration=1.0,
            scenes=[Scene("a", 0.0, 0.5, layers), Scene("b", 0.5, 0.5, layers)],
            music=SoundTrack(sound), copy={"headline": words}, audience_id=shop.audience,
        )  # fmt: skip
        ids.append(shop.library.storyboards.save(name, "hand", None, shop.audience, board.to_dict()))
    return ids


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("there is no Chromium here")
    with open_browser() as opened:
        yield opened


def pack(shop: Shop, ids: list[int], out: Path, **options: Any) -> dict[str, Any]:
    made: dict[str, Any] = run_inline(package_work(shop.library, ids, out, **options))
    return made


def test_a_zip_stands_among_the_finished_files_once(shop: Shop, boards: list[int], tmp_path: Path) -> None:
    for _again in range(2):
        result = pack(shop, boards[:1], tmp_path, video=False)
    rows = [row for row in shop.library.exports.list() if row.path == result["path"]]
    assert [(row.channel, row.kind, row.storyboard_id) for row in rows] == [
        ("preview-package", "zip", boards[0])
    ]
    assert rows[0].size == Path(result["path"]).stat().st_size


def test_a_zip_holds_page_and_films_and_is_the_same_again(
    shop: Shop, boards: list[int], tmp_path: Path
) -> None:
    result = pack(shop, boards, tmp_path, note="Please look by Friday.")
    path = Path(result["path"])
    with zipfile.ZipFile(path) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
        page = archive.read(next(n for n in archive.namelist() if n.endswith("index.html"))).decode()
    assert names[0] == "index.html"
    assert {Path(name).suffix for name in names} == {".html", ".jpg", ".mp4", ".json"}
    assert "manifest.json" in names
    assert "Please look by Friday." in page
    assert str(shop.folder) not in page
    assert "<img src=http" not in page
    again = pack(shop, boards, tmp_path / "again", note="Please look by Friday.")
    assert Path(again["path"]).read_bytes() == path.read_bytes()
    assert list(tmp_path.glob(".mmstudio-*")) == []


def test_the_films_decode_and_carry_the_mark(shop: Shop, boards: list[int], tmp_path: Path) -> None:
    import av

    from mmstudio.media.video import VideoReader

    result = pack(shop, boards[:1], tmp_path, zipped=False)
    (film,) = Path(result["path"]).glob("media/*.mp4")
    with av.open(str(film)) as container:
        assert container.streams.audio
        assert float(container.duration or 0) / 1e6 == pytest.approx(1.0, abs=0.1)
    bare = pack(shop, boards[:1], tmp_path / "bare", zipped=False, watermark=False)
    (other,) = Path(bare["path"]).glob("media/*.mp4")
    with VideoReader(film) as marked, VideoReader(other) as plain:
        assert marked.frame_at(0.9).tobytes() != plain.frame_at(0.9).tobytes()


def remark_in(page: Any, words: str) -> None:
    page.run(
        "(() => {const a=document.querySelector('article');"
        f"a.querySelector('textarea').value={json.dumps(words)};"
        "a.querySelector('[data-add]').click()})()"
    )


def test_a_client_looks_remarks_and_sends_the_file_back(
    shop: Shop, boards: list[int], tmp_path: Path, browser: Browser
) -> None:
    result = pack(shop, boards, tmp_path, zipped=False)
    folder = Path(result["path"])
    page = browser.open(folder / "index.html")
    assert page.errors == []
    assert all(url.startswith(folder.as_uri()) for url in page.requests), page.requests
    assert page.run("document.title") != "owned"
    assert HOSTILE in page.text()
    assert page.run("document.querySelectorAll('article').length") == 2
    assert page.run("document.querySelector('main').className") == "beside"
    # no initials yet: nothing is taken
    remark_in(page, "Too early")
    assert "initials" in page.text()
    page.run("(e => {e.value='A. B.'; e.dispatchEvent(new Event('input'))})(document.getElementById('who'))")
    page.run(
        "new Promise(r => {const v=document.querySelector('video');"
        "v.addEventListener('seeked', () => r(v.currentTime)); v.currentTime=0.6})"
    )
    page.run(
        "[...document.querySelectorAll('article button')]"
        ".find(b => b.textContent==='Point at a place').click()"
    )
    page.run(
        "(l => {const r=l.getBoundingClientRect();"
        "l.dispatchEvent(new MouseEvent('click',{clientX:r.left+r.width*0.25,clientY:r.top+r.height*0.5}))})"
        "(document.querySelector('.layer'))"
    )
    remark_in(page, "The logo is too small " + HOSTILE)
    page.click("[data-verdict=changes]")
    saved = page.run(
        "new Promise(done => {const real=URL.createObjectURL;"
        "URL.createObjectURL=b => {b.text().then(done); return real.call(URL,b)};"
        "document.getElementById('save').click()})"
    )
    assert page.errors == []
    assert all(url.startswith((folder.as_uri(), "blob:")) for url in page.requests)
    file = tmp_path / f"remarks-{result['package']}.json"
    file.write_text(saved, "utf-8")
    assert import_remarks(shop.library, file) == 2
    assert import_remarks(shop.library, file) == 0  # the same file again
    (remark,) = shop.library.remarks.of(boards[0])
    assert (remark.who, remark.source) == ("A. B.", f"package {result['package']}")
    assert remark.text == "The logo is too small " + HOSTILE
    assert remark.at == pytest.approx(0.6, abs=0.1)
    assert (remark.x, remark.y) == (pytest.approx(0.25, abs=0.03), pytest.approx(0.5, abs=0.03))
    assert [a.verdict for a in shop.library.storyboards.approvals(boards[0])] == ["changes"]
    page.close()


def test_pictures_instead_of_films(shop: Shop, boards: list[int], tmp_path: Path) -> None:
    result = pack(shop, boards[:1], tmp_path, zipped=False, video=False)
    names = sorted(p.name for p in Path(result["path"]).glob("media/*"))
    assert len(names) == 2  # one of each scene
    assert all(name.endswith(".jpg") for name in names)


def good(shop: Shop, board: int) -> dict[str, Any]:
    from mmstudio.export.preview_package.writing import library_key

    return {
        "format": "mmstudio-remarks",
        "version": 1,
        "package": "0123456789ab",
        "library": library_key(shop.library),
        "remarks": [
            {
                "id": "aa" * 12, "storyboard": board, "key": "0" * 16, "who": "C", "text": "Hello",
                "at": None, "x": None, "y": None, "created": "2026-01-02T03:04:05.678Z",
            }
        ],
        "verdicts": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"package": "../../etc"},
        {"remarks": "none"},
        {"remarks": [{"id": "aa"}]},
        {"text": 5},
        {"text": ""},
        {"text": "x" * 5000},
        {"who": "\u202e\x00"},
        {"at": -1},
        {"at": True},
        {"at": 1e12},
        {"x": 0.5},
        {"x": 2.0, "y": 0.5},
        {"storyboard": "1"},
        {"storyboard": True},
        {"created": "yesterday"},
        {"id": "'; DROP TABLE remark"},
        {"verdicts": [{"id": "bb" * 12, "verdict": "bribed"}]},
    ],
)
def test_a_hostile_file_is_refused_whole(
    shop: Shop, boards: list[int], tmp_path: Path, change: dict[str, Any]
) -> None:
    data = good(shop, boards[1])
    for key, value in change.items():
        (data if key in data else data["remarks"][0])[key] = value
    file = tmp_path / "r.json"
    file.write_text(json.dumps(data), "utf-8")
    before = len(shop.library.remarks.of(boards[1]))
    with pytest.raises(StudioError):
        import_remarks(shop.library, file)
    assert len(shop.library.remarks.of(boards[1])) == before


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"[" * 100_000, b'{"format": NaN}', b"[]", b'"x"', b"null", b" " * 4_000_001]
)
def test_what_is_no_such_file_is_refused(shop: Shop, tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "r.json"
    file.write_bytes(text)
    with pytest.raises(StudioError):
        import_remarks(shop.library, file)
    with pytest.raises(NotFound):
        import_remarks(shop.library, tmp_path / "gone.json")


def test_remarks_of_another_library_and_newer_ones_are_refused(
    shop: Shop, boards: list[int], tmp_path: Path
) -> None:
    for change in ({"library": "f" * 16}, {"version": 2}):
        file = tmp_path / "r.json"
        file.write_text(json.dumps(good(shop, boards[1]) | change), "utf-8")
        with pytest.raises(StudioError):
            import_remarks(shop.library, file)
    file.write_text(json.dumps(good(shop, 999_999)), "utf-8")
    with pytest.raises(NotFound):
        import_remarks(shop.library, file)


def test_nothing_or_too_much_is_refused_and_a_cancelled_one_leaves_nothing(
    shop: Shop, boards: list[int], tmp_path: Path
) -> None:
    for ids in ([], list(range(1, 20))):
        with pytest.raises(UsageError):
            pack(shop, ids, tmp_path)
    with pytest.raises(NotFound):
        pack(shop, [999_999], tmp_path)

    for zipped in (True, False):
        with pytest.raises(Cancelled):
            run_inline(
                package_work(shop.library, boards, tmp_path / "stopped", zipped=zipped),
                cancelled=lambda: True,
            )
        assert list((tmp_path / "stopped").iterdir()) == []
