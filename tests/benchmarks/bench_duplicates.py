"""Near copies found: precision and recall on made variants, beside a plain baseline.

    python tests/benchmarks/bench_duplicates.py [--data FOLDER] [--pictures N] [--half tune|report]

Originals are real media below FOLDER where it is given (shop/, groceries/, sounds/, shop texts, poetry,
clips/), made ones otherwise. Each chosen original gets variants; every other original is there as well, so
that colour variants, other packshots of one article and drum hits of one family are what may be confused.
Thresholds were chosen on the half ``tune``; by default the other half is reported. Of sounds and texts that
is every second original. Of pictures they were chosen on 60 shop photos and 30 of groceries, drawn by seed 1,
which the reported half leaves out; unlike pictures to confuse them with are the same in both. Of videos there
are too few: the figures are those of the clips that the thresholds were chosen on.

A pair is right where both files come from the same original. Recall is per variant: the share that is paired
with its original. Precision is over all pairs. Baselines: pictures, DCT hash within 8 of 64 bits; sounds,
cosine of mean MFCC of 0.99 or more; videos, DCT hash of the poster within 8 bits; texts, equal bytes.
File names are numbers here: what the studio reads in names does not help.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from mmstudio.cleaning import pictures, sounds, texts, videos
from mmstudio.media.audio import load_audio, resample
from mmstudio.media.encode import VideoWriter
from mmstudio.media.image import load_image, over_white
from mmstudio.media.video import VideoReader

Pairs = set[tuple[int, int]]


# -- scoring -----------------------------------------------------------------------------------------------


def score(title: str, found: Pairs, source: list[int], made_by: list[str]) -> None:
    """Print precision over all pairs and recall by variant."""
    right = sum(source[a] == source[b] for a, b in found)
    first = {}
    for row, who in enumerate(made_by):
        if who == "original":
            first[source[row]] = row
    hits: dict[str, list[bool]] = defaultdict(list)
    for row, who in enumerate(made_by):
        if who != "original":
            a, b = sorted((row, first[source[row]]))
            hits[who].append((a, b) in found)
    every = [hit for each in hits.values() for hit in each]
    wrong_sources = {tuple(sorted((source[a], source[b]))) for a, b in found if source[a] != source[b]}
    precision = f"{100 * right / len(found):.1f} %" if found else "–"
    print(
        f"  {title:<10} precision {precision} ({right} of {len(found)} pairs; {len(wrong_sources)} unlike"
        f" originals joined), recall {100 * np.mean(every):.1f} % of {len(every)}: "
        + ", ".join(f"{who} {100 * np.mean(each):.0f}" for who, each in hits.items()),
        flush=True,
    )


def ordered(pairs: Iterable[tuple[int, int]]) -> Pairs:
    return {(min(a, b), max(a, b)) for a, b in pairs}


# -- pictures ----------------------------------------------------------------------------------------------


def _jpeg(picture: Image.Image, rng: random.Random) -> Image.Image:
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=rng.randint(25, 60))
    return Image.open(io.BytesIO(kept.getvalue())).convert("RGB")


def _resize(picture: Image.Image, rng: random.Random) -> Image.Image:
    share = rng.uniform(0.35, 0.7)
    return picture.resize((max(1, round(picture.width * share)), max(1, round(picture.height * share))))


def _bright(picture: Image.Image, rng: random.Random) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(
        rng.choice([rng.uniform(0.8, 0.9), rng.uniform(1.1, 1.2)])
    )


def _crop(least: float, most: float) -> Callable[[Image.Image, random.Random], Image.Image]:
    def cut(picture: Image.Image, rng: random.Random) -> Image.Image:
        share = rng.uniform(least, most)
        w, h = round(picture.width * share), round(picture.height * share)
        x, y = rng.randint(0, picture.width - w), rng.randint(0, picture.height - h)
        return picture.crop((x, y, x + w, y + h))

    return cut


def _watermark(picture: Image.Image, rng: random.Random) -> Image.Image:
    page = picture.convert("RGBA")
    layer = Image.new("RGBA", page.size, (0, 0, 0, 0))
    place = (page.width * rng.uniform(0.05, 0.4), page.height * rng.uniform(0.1, 0.8))
    font = ImageFont.load_default(max(10, page.width // 10))
    grey = rng.choice([(255, 255, 255, 120), (0, 0, 0, 120)])
    ImageDraw.Draw(layer).text(place, "SAMPLE", font=font, fill=grey)
    return Image.alpha_composite(page, layer).convert("RGB")


PICTURE_VARIANTS: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "recompress": _jpeg,
    "resize": _resize,
    "brightness": _bright,
    "watermark": _watermark,
    "crop 5-15 %": _crop(0.85, 0.95),
    "crop 15-30 %": _crop(0.7, 0.85),
}


def made_pictures(count: int) -> list[Image.Image]:
    made = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        small = Image.fromarray(rng.integers(0, 256, (7, 7, 3), np.uint8))
        made.append(small.resize((320, 240), Image.Resampling.BICUBIC))
    return made


def bench_pictures(data: Path | None, count: int, half: int) -> None:
    rng = random.Random(7)
    if data is None:
        originals = made_pictures(60)
        usable = list(range(half, len(originals), 2))
    else:
        paths = sorted((data / "shop" / "images").glob("*.jpg"))
        draw, groceries = random.Random(1), sorted((data / "groceries").rglob("*.jpg"))
        tuned = {*draw.sample(paths, 60), *draw.sample(groceries, 300)[:30]}
        paths += rng.sample(groceries, 150) if half else [p for p in groceries if p in tuned]
        usable = [n for n, path in enumerate(paths) if (path in tuned) != bool(half)]
        originals = [over_white(load_image(path, max_side=800)) for path in paths]
    source, made_by, shown = [], [], []
    chosen = set(rng.sample(usable, min(count, len(usable))))
    for number, picture in enumerate(originals):
        rows = [("original", picture)]
        if number in chosen:
            rows += [(name, change(picture, rng)) for name, change in PICTURE_VARIANTS.items()]
        for name, each in rows:
            source.append(number)
            made_by.append(name)
            shown.append(each)
    for each in shown:
        each.thumbnail((384, 384))
    codes = np.frombuffer(b"".join(map(pictures.fingerprint, shown)), np.uint64).reshape(len(shown), -1)
    small = [pictures.small(each) for each in shown]
    proposed = [*pictures.whole_pairs(codes), *pictures.crop_pairs(codes, np.ones(len(codes), bool))]
    found = ordered((i, j) for i, j, share in proposed if pictures.alike(small[i], small[j], share))
    plain = np.bitwise_count(codes[:, None, 0] ^ codes[None, :, 0]) <= 8
    print(f"pictures: {len(originals)} originals, {len(shown) - len(originals)} variants")
    score("studio", found, source, made_by)
    score("hash ≤ 8", ordered(map(tuple, np.argwhere(np.triu(plain, 1)).tolist())), source, made_by)


# -- sounds ------------------------------------------------------------------------------------------------


def _mp3(samples: np.ndarray, rate: int, _rng: np.random.Generator) -> np.ndarray:
    kept = io.BytesIO()
    soundfile.write(kept, resample(samples[None], rate, 44_100)[0], 44_100, format="MP3")
    kept.seek(0)
    return resample(soundfile.read(kept, dtype="float32")[0][None], 44_100, rate)[0]


def _trim(samples: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    cut = len(samples)
    return samples[int(cut * rng.uniform(0.02, 0.1)) : cut - int(cut * rng.uniform(0.05, 0.2))]


def _noise(samples: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    level = float(np.sqrt((samples**2).mean())) * 10 ** (-25 / 20)
    return (samples + rng.normal(0, level, len(samples))).astype(np.float32)


def _gain(samples: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    return samples * np.float32(rng.uniform(0.2, 0.7))


SOUND_VARIANTS = {"mp3": _mp3, "trim ends": _trim, "noise 25 dB": _noise, "gain": _gain}


def made_sounds(count: int, rate: int = 22_050) -> list[tuple[np.ndarray, int]]:
    made = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        t = np.arange(2 * rate) / rate
        tones = sum(
            np.sin(2 * np.pi * f * t + f) * np.exp(-t * rng.uniform(0.2, 4)) for f in rng.uniform(90, 4000, 5)
        )
        made.append(((0.1 * tones).astype(np.float32), rate))
    return made


def bench_sounds(data: Path | None, half: int) -> None:
    from librosa.feature import mfcc

    rng = np.random.default_rng(3)
    if data is None:
        originals = made_sounds(30)
    else:
        loaded = [
            load_audio(path, mono=True, duration=30) for path in sorted((data / "sounds").glob("*.flac"))
        ]
        originals = [(samples[0], rate) for samples, rate in loaded]
    source, made_by, prints, means, waves = [], [], [], [], []
    for number, (samples, rate) in enumerate(originals):
        rows = [("original", samples)]
        if number % 2 == half:
            rows += [(name, change(samples, rate, rng)) for name, change in SOUND_VARIANTS.items()]
        for name, each in rows:
            source.append(number)
            made_by.append(name)
            plain = resample(each[None], rate, sounds.RATE)[0]
            prints.append(sounds.fingerprint_of(plain))
            limit = int(sounds.WAVE_S * sounds.WAVE_RATE)
            waves.append(resample(each[None], rate, sounds.WAVE_RATE)[0][:limit])
            means.append(
                mfcc(y=np.pad(plain, (0, max(0, 2048 - len(plain)))), sr=sounds.RATE, n_mfcc=20).mean(1)
            )
    found = ordered(
        (i, j)
        for i, j in sounds.pairs(prints)
        if sounds.maybe_alike(prints[i], prints[j]) and sounds.alike(waves[i], waves[j])
    )
    unit = np.array(means) / np.linalg.norm(means, axis=1, keepdims=True)
    close = np.argwhere(np.triu(unit @ unit.T >= 0.99, 1))
    print(f"sounds: {len(originals)} originals, {len(source) - len(originals)} variants")
    score("studio", found, source, made_by)
    score("mean MFCC", ordered(map(tuple, close.tolist())), source, made_by)


# -- texts -------------------------------------------------------------------------------------------------


def _edit(share: float) -> Callable[[str, random.Random], str]:
    def change(text: str, rng: random.Random) -> str:
        words = text.split(" ") if " " in text else list(text)
        for _ in range(max(1, round(share * len(words)))):
            at = rng.randrange(len(words))
            words[at] = (
                rng.choice(["", "quite", words[rng.randrange(len(words))]])
                if " " in text
                else rng.choice(words)
            )
        return (" " if " " in text else "").join(words)

    return change


def _shortened(text: str, _rng: random.Random) -> str:
    return text[: int(len(text) * 0.85)]


TEXT_VARIANTS: dict[str, Callable[[str, random.Random], str]] = {
    "layout": lambda text, _rng: "  " + text.replace(". ", ".\n").upper(),
    "edit 2 %": _edit(0.02),
    "edit 5 %": _edit(0.05),
    "cut 15 %": _shortened,
}


def bench_texts(data: Path | None, half: int) -> None:
    rng = random.Random(11)
    if data is None:
        vocabulary = [f"word{n}" for n in range(400)]
        originals = [" ".join(rng.choice(vocabulary) for _ in range(80)) + "." for _ in range(80)]
    else:
        with (data / "shop" / "items.csv").open(encoding="utf-8") as file:
            originals = list(dict.fromkeys(row["description"] for row in csv.DictReader(file)))
        with (data / "poetry" / "tang.tsv").open(encoding="utf-8") as file:
            poems = [row["text"] for row in csv.DictReader(file, delimiter="\t")]
        originals += rng.sample(poems, 400)
    source, made_by, shown = [], [], []
    for number, text in enumerate(originals):
        rows = [("original", text)]
        if number % 2 == half:
            rows += [(name, change(text, rng)) for name, change in TEXT_VARIANTS.items()]
        for name, each in rows:
            source.append(number)
            made_by.append(name)
            shown.append(each)
    prints = [texts.fingerprint(each) for each in shown]
    found = ordered((i, j) for i, j in texts.pairs(prints) if texts.alike(shown[i], shown[j]))
    same: dict[str, list[int]] = defaultdict(list)
    for row, each in enumerate(shown):
        same[each].append(row)
    exact = ordered((a, b) for rows in same.values() for a in rows for b in rows if a < b)
    print(f"texts: {len(originals)} originals, {len(source) - len(originals)} variants")
    score("studio", found, source, made_by)
    score("same bytes", exact, source, made_by)


# -- videos ------------------------------------------------------------------------------------------------


def _film(path: Path, frames: list[Image.Image], fps: float, **options: Any) -> Path:
    size = (frames[0].width // 2 * 2, frames[0].height // 2 * 2)
    with VideoWriter(path, size[0], size[1], fps, **options) as writer:
        for frame in frames:
            writer.write_frame(np.asarray(frame.resize(size)))
    return path


def bench_videos(data: Path | None, folder: Path) -> None:
    fps = 6.0
    films: list[list[Image.Image]] = []
    if data is None:
        for seed in range(4):
            rng = np.random.default_rng(seed)
            page = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((320, 240))
            films.append([page.rotate(3 * n + 40 * seed).crop((40, 30, 280, 210)) for n in range(48)])
    else:
        for path in sorted((data / "clips").iterdir()):
            if path.suffix in (".mp4", ".mkv"):
                with VideoReader(path) as reader:
                    length = min(reader.duration, 32.0)
                    frames = [frame for _, frame in reader.frames(0, length, 1 / fps, max_side=320)]
                # Two halves of one camera's film are not copies of each other.
                films += [frames[: len(frames) // 2], frames[len(frames) // 2 :]]
    source, made_by, prints, posters = [], [], [], []
    for number, frames in enumerate(films):
        count = len(frames)
        rows = [
            ("original", frames, {}),
            ("recompress", [f.resize((f.width // 2, f.height // 2)) for f in frames], {}),
            ("trim", frames[max(1, count // 12) : count - max(1, count // 12)], {}),
            ("brightness", [ImageEnhance.Brightness(f).enhance(1.15) for f in frames], {}),
        ]
        for name, each, options in rows:
            path = _film(folder / f"{number}-{name}.mp4", each, fps, **options)
            source.append(number)
            made_by.append(name)
            prints.append(videos.fingerprint(path))
            posters.append(videos.decoded(prints[-1])[1][0, 0])
    found = ordered((i, j) for i, j in videos.pairs(prints) if videos.alike(prints[i], prints[j]))
    codes = np.array(posters)
    near = np.argwhere(np.triu(np.bitwise_count(codes[:, None] ^ codes[None]) <= 8, 1))
    print(
        f"videos: {len(films)} originals, {len(source) - len(films)} variants (all of them, too few to halve)"
    )
    score("studio", found, source, made_by)
    score("poster ≤ 8", ordered(map(tuple, near.tolist())), source, made_by)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", type=int, default=60, help="originals that get variants")
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--only", choices=("pictures", "sounds", "texts", "videos"))
    options = parser.parse_args()
    half = int(options.half == "report")
    print(f"half: {options.half}; {'real media' if options.data else 'made media'}")
    if options.only in (None, "texts"):
        bench_texts(options.data, half)
    if options.only in (None, "sounds"):
        bench_sounds(options.data, half)
    if options.only in (None, "videos"):
        with tempfile.TemporaryDirectory() as folder:
            bench_videos(options.data, Path(folder))
    if options.only in (None, "pictures"):
        bench_pictures(options.data, options.pictures, half)


if __name__ == "__main__":
    main()
