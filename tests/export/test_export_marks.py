"""Feeds, mails, time lines and packages say where they came from, and ``verify`` reads it back."""

from __future__ import annotations

import email
import json
import zipfile
from collections.abc import Iterator
from email import policy
from pathlib import Path

import feedparser
import opentimelineio
import pytest

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.storyboard import Source
from mmstudio.errors import MediaError
from mmstudio.export import Exporter
from mmstudio.export.provenance import record_of, verify
from mmstudio.jobs import run_inline
from mmstudio.media.metadata import read_stamp, stamp
from support.boards import channel, small_board, written
from support.shop import Shop, make_shop

COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TITLE = "Zwölf “Taschen” & <Körbe> 袋"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


@pytest.fixture
def board(shop: Shop) -> Storyboard:
    """A film with a part that a model made."""
    board = small_board(shop)
    board.item_id, board.copy["headline"] = shop.bag, TITLE
    photo = board.asset_ids()[0]
    board.sources.append(Source("photo", "generated", photo))
    return board


@pytest.mark.parametrize("kind", ["feed", "rss", "jsonld", "eml", "vtt", "otio", "kit", "html", "email"])
def test_every_file_says_inside_that_a_model_took_part(
    shop: Shop, board: Storyboard, tmp_path: Path, kind: str
) -> None:
    holds = {"holds": ("captions",)} if kind == "kit" else {}
    [file], _ = written(shop, board, tmp_path / "out", channel(kind, **holds))
    verdict = verify(file["path"])
    assert verdict.ok, verdict.problems
    assert verdict.digital_source_type == COMPOSITE
    assert verdict.record["title"] == TITLE
    assert not verdict.record_beside
    assert "Parts of it were made by a model." in verdict.sentences()


def test_a_feed_reader_a_mail_program_and_an_editor_find_it(
    shop: Shop, board: Storyboard, tmp_path: Path
) -> None:
    kinds = ("feed", "rss", "eml", "otio")
    files, _ = written(shop, board, tmp_path / "out", *(channel(kind) for kind in kinds))
    feed, rss, mail, bundle = (Path(file["path"]) for file in files)
    said = json.loads(feed.read_text("utf-8"))
    assert said["_mmstudio"]["digital_source_type"] == TYPES + COMPOSITE
    read = feedparser.parse(rss.read_bytes())
    assert not read.bozo, read.get("bozo_exception")
    assert read.feed.iptc4xmpext_digitalsourcetype == TYPES + COMPOSITE
    assert len(read.entries) == 1
    message = email.message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert message["X-Digital-Source-Type"] == TYPES + COMPOSITE
    assert max(map(len, mail.read_bytes().splitlines())) < 999
    assert message["X-Unsent"] == "1"
    assert message.get_body(("plain",)) is not None
    with zipfile.ZipFile(bundle) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".otio"))
        text = archive.read(name).decode("utf-8")
    timeline = opentimelineio.adapters.read_from_string(text, "otio_json")
    assert timeline.metadata["mmstudio"]["digital_source_type"] == COMPOSITE
    loose = tmp_path / name
    loose.write_text(text, "utf-8")
    assert verify(loose).digital_source_type == COMPOSITE


def test_what_has_no_place_for_it_is_said_by_the_manifest(
    shop: Shop, board: Storyboard, tmp_path: Path
) -> None:
    saved = Composer(shop.library, None, None).save(board).id
    assert saved is not None
    result = run_inline(Exporter(shop.library).work(saved, ["captions"], out=tmp_path / "out"))
    path = Path(result["files"][0]["path"])
    verdict = verify(path)
    assert (verdict.digital_source_type, verdict.record_beside, verdict.listed) == (COMPOSITE, True, True)
    assert any("no place for it" in sentence for sentence in verdict.sentences())
    path.write_text(path.read_text("utf-8") + "\n")
    changed = verify(path)
    assert changed.digital_source_type == ""
    assert not changed.ok


@pytest.mark.parametrize("suffix", [".json", ".jsonld", ".xml", ".eml"])
def test_stamping_twice_leaves_one_record_and_strange_files_alone(tmp_path: Path, suffix: str) -> None:
    texts = {
        ".json": '{"version": "https://jsonfeed.org/version/1.1", "items": []}',
        ".jsonld": '{"@context": "https://schema.org", "@type": "Product"}',
        ".xml": '<?xml version="1.0"?><rss version="2.0"><channel><title>a</title></channel></rss>',
        ".eml": 'Subject: a\nX-MMStudio-Record: {\n "old": 1}\n\nText\n\nX-MMStudio-Record: no\n',
    }
    path = tmp_path / f"file{suffix}"
    path.write_text(texts[suffix], "utf-8")
    record = {"title": "x" * 300, "software": "MM Studio", "digital_source_type": COMPOSITE}
    stamp(path, {"title": "before", "software": "MM Studio"})
    stamp(path, record)
    once = path.read_bytes()
    assert read_stamp(path) == record
    stamp(path, record)
    assert path.read_bytes() == once
    assert b"before" not in once
    strange = tmp_path / f"strange{suffix}"
    strange.write_text("[1, 2", "utf-8")
    assert read_stamp(strange) == {}
    with pytest.raises(MediaError):
        stamp(strange, record)
    assert strange.read_text("utf-8") == "[1, 2"


def test_a_record_survives_words_of_every_kind(tmp_path: Path) -> None:
    title = "a\u2028b --> <c> & \"d\" 'e' \\n =1+1 " + "long " * 60
    record = {**record_of(Storyboard(name="x")), "title": title}
    for suffix, text in ((".xml", "<rss><channel>\n</channel></rss>"), (".eml", "Subject: a\r\n\r\nText")):
        path = tmp_path / f"file{suffix}"
        path.write_bytes(text.encode())
        stamp(path, record)
        assert read_stamp(path) == record


def test_a_vtt_keeps_its_settings_in_its_head() -> None:
    from mmstudio.media.documents import vtt_record, vtt_with_record

    text = "WEBVTT\nKind: captions\nLanguage: en\n\n1\n00:00.200 --> 00:02.950\nThe lamp\n"
    marked = vtt_with_record(text, {"title": "A"})
    assert marked.startswith("WEBVTT\nKind: captions\nLanguage: en\n\nNOTE mmstudio ")
    assert marked.endswith("\n\n1\n00:00.200 --> 00:02.950\nThe lamp\n")
    again = vtt_with_record(marked, {"title": "B"})
    assert vtt_record(again) == {"title": "B"}
    assert again.count("NOTE") == 1
