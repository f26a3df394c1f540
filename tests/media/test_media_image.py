from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mmstudio.errors import MediaError
from mmstudio.media.image import image_array, load_image, parse_exif_date, phash
from mmstudio.media.probe import probe
from support.media import make_image, make_jpeg, make_picture, make_png, make_svg, make_text


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tiff", "bmp", "avif", "heic"])
def test_every_format_loads_as_upright_rgb(tmp_path: Path, suffix: str) -> None:
    path = make_image(tmp_path / f"picture.{suffix}", (80, 60), seed=3)
    picture = load_image(path)
    assert picture.mode == "RGB"
    assert picture.size == (80, 60)
    difference = np.abs(np.asarray(picture, float) - np.asarray(make_picture((80, 60), 3), float)).mean()
    assert difference < 6
    info = probe(path)
    assert (info.kind, info.width, info.height) == ("image", 80, 60)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    upright = Image.new("RGB", (60, 40), "white")
    upright.paste((255, 0, 0), (0, 0, 20, 20))  # red in the upper left corner
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    path = make_jpeg(tmp_path / "turned.jpg", orientation=orientation, picture=stored, quality=95)
    picture = load_image(path)
    assert picture.size == (60, 40)
    assert (probe(path).width, probe(path).height) == (60, 40)
    red, green, _ = picture.getpixel((8, 8))
    assert red > 200
    assert green < 60


def test_capture_date(tmp_path: Path) -> None:
    path = make_jpeg(tmp_path / "dated.jpg", captured_at="2021:02:03 04:05:06")
    assert probe(path).captured_at == "2021-02-03T04:05:06"
    assert parse_exif_date("0000:00:00 00:00:00") is None


def _rgb_profile(primaries: list[tuple[float, float]]) -> bytes:
    """A minimal ICC v2 matrix profile with sRGB-like gamma 2.2 and the given xy primaries, white D65."""
    white = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    matrix = columns * np.linalg.solve(columns, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.9642, 1.0, 0.8249])
    adapt = np.linalg.inv(bradford) @ np.diag((bradford @ d50) / (bradford @ white)) @ bradford
    matrix = adapt @ matrix

    def s15(values: np.ndarray) -> bytes:
        return b"".join(round(v * 65536).to_bytes(4, "big", signed=True) for v in values)

    tags = {
        b"desc": b"desc\0\0\0\0" + (8).to_bytes(4, "big") + b"wide ga\0" + b"\0" * 78,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + s15(d50),
        **{tag: b"XYZ \0\0\0\0" + s15(matrix[:, i]) for i, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))},
        **{
            tag: b"curv\0\0\0\0" + (1).to_bytes(4, "big") + (563).to_bytes(2, "big")
            for tag in (b"rTRC", b"gTRC", b"bTRC")
        },
    }
    table, body = b"", b""
    offset = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        padded = data + b"\0" * (-len(data) % 4)
        table += tag + (offset + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += padded
    size = offset + len(body)
    header = (
        size.to_bytes(4, "big") + b"lcms" + bytes([2, 0x10, 0, 0]) + b"mntrRGB XYZ " + b"\0" * 12 + b"acsp"
    )
    header = header.ljust(68, b"\0") + s15(d50)
    return header.ljust(128, b"\0") + len(tags).to_bytes(4, "big") + table + body


def test_display_p3_becomes_srgb(tmp_path: Path) -> None:
    profile = _rgb_profile([(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)])
    ImageCms.ImageCmsProfile(io.BytesIO(profile))
    path = make_jpeg(tmp_path / "p3.jpg", color=(200, 80, 80), icc=profile, quality=98)
    red, green, blue = (int(v) for v in image_array(path)[20, 20])
    # The same colour needs more red and less green and blue in the narrower space.
    assert red > 210
    assert green < 76
    assert abs(blue - 78) < 12


def test_cmyk_and_16_bit(tmp_path: Path) -> None:
    path = make_jpeg(tmp_path / "print.jpg", color=(220, 40, 40), mode="CMYK", quality=95)
    assert np.abs(image_array(path)[10, 10].astype(int) - (220, 40, 40)).max() < 12
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(4, axis=0)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    Image.fromarray(ramp).save(tmp_path / "deep.tiff")
    for name in ("deep.png", "deep.tiff"):
        grey = image_array(tmp_path / name)[0, :, 0]
        assert np.abs(grey.astype(int) - np.arange(256)).max() <= 1


def test_transparency_palette_and_white_ground(tmp_path: Path) -> None:
    path = make_png(tmp_path / "clear.png", color=(10, 20, 30), mode="RGBA")
    assert load_image(path).mode == "RGBA"
    pixels = image_array(path)
    assert tuple(pixels[5, 5]) == (255, 255, 255)
    assert tuple(pixels[5, 60]) == (10, 20, 30)
    assert load_image(make_png(tmp_path / "palette.png", color=(10, 200, 30), mode="P")).mode == "RGB"
    assert load_image(make_png(tmp_path / "bits.png", color=(255, 255, 255), mode="1")).getpixel((1, 1)) == (
        255,
        255,
        255,
    )


def test_max_side_reduces_and_never_enlarges(tmp_path: Path) -> None:
    path = make_jpeg(tmp_path / "large.jpg", (1200, 600))
    assert load_image(path, 100).size == (100, 50)
    assert load_image(path, 5000).size == (1200, 600)


def test_truncated_jpeg_is_corrupt_and_its_header_still_read(tmp_path: Path) -> None:
    path = make_jpeg(tmp_path / "cut.jpg", (400, 300))
    path.write_bytes(path.read_bytes()[:-2000])
    assert probe(path).width == 400
    with pytest.raises(MediaError) as caught:
        load_image(path, 100)
    assert caught.value.status == "corrupt"
    assert "cut.jpg" in caught.value.message


def test_phash_is_stable_under_scaling_and_tells_pictures_apart() -> None:
    def distance(a: str, b: str) -> int:
        return (int(a, 16) ^ int(b, 16)).bit_count()

    first, other = make_picture((200, 150), 1), make_picture((200, 150), 2)
    assert distance(phash(first), phash(first.resize((90, 70)))) <= 6
    assert distance(phash(first), phash(other)) > 14


def test_svg_is_drawn_at_the_wanted_size(tmp_path: Path) -> None:
    path = make_svg(tmp_path / "mark.svg", (30, 20), "#3050c0", '<text x="2" y="12" font-size="8">Hi</text>')
    assert (probe(path).width, probe(path).height) == (30, 20)
    picture = load_image(path, 300)
    assert picture.size == (300, 200)
    assert picture.getpixel((290, 10))[:3] == (0x30, 0x50, 0xC0)
    assert len(np.unique(np.asarray(picture).reshape(-1, 4), axis=0)) > 3, "the word is drawn"
    assert max(load_image(path).size) == 512


def test_svg_reaches_nothing_outside_itself(tmp_path: Path) -> None:
    secret = make_png(tmp_path / "secret.png", color=(0, 255, 0))
    body = (
        f'<image xlink:href="{secret}" width="64" height="48"/>'
        f'<image href="file://{secret}" width="64" height="48"/>'
        '<image href="secret.png" width="64" height="48"/>'
        '<script>alert(1)</script><rect onload="x()" width="4" height="4" fill="url(http://127.0.0.1/x#y)"/>'
    )
    path = make_svg(tmp_path / "outside.svg", color="#ff0000", body=body)
    green = np.asarray(load_image(path))[..., 1]
    assert green.max() < 200


@pytest.mark.parametrize(
    "body",
    [
        "<g>" * 5000 + "</g>" * 5000,
        "".join(f'<g id="a{i}">' + f'<use xlink:href="#a{i + 1}"/>' * 10 + "</g>" for i in range(12))
        + '<rect id="a12" width="1" height="1"/>',
        '<g id="loop"><use xlink:href="#loop"/></g>',
    ],
    ids=["deep", "multiplying", "loop"],
)
def test_svg_bombs_are_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(MediaError) as caught:
        load_image(make_svg(tmp_path / "bomb.svg", body=body))
    assert caught.value.status == "corrupt"


def test_svg_entity_bomb_is_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    markup = f'<!DOCTYPE svg [<!ENTITY a0 "ha">{entities}]><svg xmlns="http://www.w3.org/2000/svg">'
    markup += "<text>&a9;</text></svg>"
    with pytest.raises(MediaError):
        load_image(make_text(tmp_path / "laughs.svg", markup))
    plain = (
        '<!DOCTYPE svg [<!ENTITY c "#ff0000">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        '<rect width="9" height="9" fill="&c;"/></svg>'
    )
    assert math.isclose(load_image(make_text(tmp_path / "plain.svg", plain)).getpixel((4, 4))[0], 255)


def test_svg_filters_that_take_too_long_are_left_out(tmp_path: Path) -> None:
    turbulence = '<feTurbulence baseFrequency="0.01" numOctaves="99"/>'
    for index, inside in enumerate((turbulence * 500, '<feMorphology operator="dilate" radius="9999"/>')):
        body = (
            f'<filter id="f">{inside}</filter><rect width="64" height="48" fill="#00ff00" filter="url(#f)"/>'
        )
        picture = load_image(make_svg(tmp_path / f"slow-{index}.svg", body=body))
        assert picture.getpixel((200, 200))[:3] == (0, 255, 0)
    shadow = '<filter id="f"><feGaussianBlur stdDeviation="4"/></filter>'
    body = shadow + '<rect x="20" y="20" width="20" height="10" fill="#00ff00" filter="url(#f)"/>'
    picture = load_image(make_svg(tmp_path / "shadow.svg", color="#ffffff", body=body))
    assert 20 < picture.getpixel(((19 * 8), (25 * 8)))[0] < 250, "a soft shadow stays soft"
