from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmstudio.errors import MediaError
from mmstudio.media.probe import probe
from mmstudio.media.tables import RowError, read_table
from mmstudio.media.text import decode, load_text
from support.media import make_table, make_text

CHINESE = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
GERMAN = "Größe und Schönheit für alle Mädchen, natürlich überall. Ein Gruß aus Köln."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "gb18030"),
        (CHINESE, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "latin-1"),
        ("“Curly” – 5 €", "cp1252"),
        (GERMAN, "utf-8"),
    ],
)
def test_decode_finds_the_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@given(st.binary(max_size=200))
def test_decode_never_fails(data: bytes) -> None:
    assert isinstance(decode(data), str)


@given(st.text(max_size=200))
def test_utf8_comes_back(text: str) -> None:
    plain = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if text.count("\0") * 10 <= len(text.encode("utf-8", "surrogatepass")):
        assert decode(plain.encode("utf-8")) == plain


def test_titles_languages_and_html(tmp_path: Path) -> None:
    poem = load_text(make_text(tmp_path / "a.txt", "静夜思\n\n" + CHINESE))
    assert (poem.title, poem.language) == ("静夜思", "zh")
    note = load_text(make_text(tmp_path / "b.md", "# The bag\n\nIt is the best of the bags for you and me."))
    assert (note.title, note.language) == ("The bag", "en")
    page = (
        "<html><head><title>Our &amp; bag</title><style>p{}</style></head><body><p>Soft<br>and <b>light</b>"
    )
    page += "</p><script>alert('no')</script></body></html>"
    read = load_text(make_text(tmp_path / "c.html", page))
    assert read.title == "Our & bag"
    assert read.text == "Soft\nand light"
    old = "<meta charset=gb2312><p>" + CHINESE + "</p>"
    assert CHINESE in load_text(make_text(tmp_path / "d.html", old, "gb18030")).text
    data = load_text(make_text(tmp_path / "e.json", '{"name": "Bag", "sizes": ["S", "M"], "none": null}'))
    assert data.text == "name: Bag\nsizes: S\nsizes: M"
    assert load_text(make_text(tmp_path / "f.json", "[" * 100_000)).text.startswith("[[")
    assert load_text(make_text(tmp_path / "g.txt", "word " * 2_000_000), limit=1000).text.count("word") == 200


def test_bytes_that_are_no_text_are_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(MediaError) as caught:
        probe(path)
    assert caught.value.status == "corrupt"


ROWS = [["sku", "title", "price"], ["a1", "Räder, groß", "1.299,00 €"], ["a2", "two\nlines", ""]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_any_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [[cell.replace("€", "EUR") for cell in row] for row in ROWS]
    path = make_table(tmp_path / "t.csv", rows, encoding=encoding, delimiter=delimiter)
    assert list(read_table(path)) == [
        (2, {"sku": "a1", "title": "Räder, groß", "price": "1.299,00 EUR"}),
        (3, {"sku": "a2", "title": "two\nlines", "price": ""}),
    ]


def test_xlsx(tmp_path: Path) -> None:
    path = make_table(tmp_path / "t.xlsx", [["sku", "price", ""], ["a1", 34.0, None], [], [7, 1.5, None]])
    assert list(read_table(path)) == [(2, {"sku": "a1", "price": "34"}), (4, {"sku": "7", "price": "1.5"})]


def test_a_bad_row_is_told_and_the_rest_read(tmp_path: Path) -> None:
    path = make_text(
        tmp_path / "t.csv",
        'sku,title\na1,fine\na2,"never closed\na3,after it\na4,too,many\n\na5,"it is 5"" wide"\na6,5" tall\n',
    )
    rows = list(read_table(path))
    assert [row.line for row in rows if isinstance(row, RowError)] == [3, 5]
    assert [row[1]["sku"] for row in rows if not isinstance(row, RowError)] == ["a1", "a3", "a5", "a6"]
    assert [row[0] for row in rows if not isinstance(row, RowError)] == [2, 4, 7, 8]
    assert rows[-1] == (8, {"sku": "a6", "title": '5" tall'})


def test_odd_tables(tmp_path: Path) -> None:
    assert list(read_table(make_text(tmp_path / "a.csv", "sep=;\nsku;sku;\n1;2;3\n"))) == [
        (3, {"sku": "1", "sku (2)": "2", "column 3": "3"})
    ]
    mixed = tmp_path / "b.csv"
    mixed.write_bytes("sku,title\na,Größe\n".encode() + "b,Größe\n".encode("latin-1"))
    assert [row[1]["title"] for row in read_table(mixed) if not isinstance(row, RowError)] == ["Größe"] * 2
    with pytest.raises(MediaError):
        list(read_table(make_text(tmp_path / "c.csv", "\n\n")))
    with pytest.raises(MediaError):
        list(read_table(make_text(tmp_path / "d.xlsx", "PK\x03\x04 not really a workbook")))


def test_a_line_without_an_end_is_told_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmstudio.media.tables._MAX_LINE", 1000)
    path = make_text(tmp_path / "t.csv", "user,item\nu1,s1\n" + "a," * 4000 + '\nu2,s2\n"u3\n' + "b" * 3000)
    rows = list(read_table(path))
    assert [row for row in rows if not isinstance(row, RowError)] == [
        (2, {"user": "u1", "item": "s1"}),
        (4, {"user": "u2", "item": "s2"}),
    ]
    wrong = [row for row in rows if isinstance(row, RowError)]
    assert [row.line for row in wrong] == [3, 5, 6]
    assert wrong[0].reason == wrong[2].reason == "The line has more than 1,000 characters."
    with pytest.raises(MediaError, match="no header row"):
        list(read_table(make_text(tmp_path / "one.csv", "x" * 5000)))
