"""What the fact guard finds: made sentences over real shop items, half of them with one fact of another item.

    python tests/benchmarks/bench_guard.py --data FOLDER [--half dev|test] [--seed N] [--show]

FOLDER holds shop/items.csv. A sentence is a template filled with a fact of the item (true) or with one that
belongs to another item and not to this (false); figures are put in other words: spelled out, in other units,
in Chinese. Facts are read from the catalogue by patterns of this file and the sentences are wordings of this
file: the guard shares neither. Items fall in two halves by the CRC-32 of their sku, and the halves have
different wordings. The guard was mended on the dev half only; the test half is what counts.

Recall is the share of false facts whose span is marked, a false alarm a true sentence with any mark. Beside
it, a plain reference of the same run: numbers and words of the lists that do not stand in the item's text
literally.
"""

from __future__ import annotations

import argparse
import random
import re
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mmstudio.generation.copywriting.facts import known_of
from mmstudio.generation.copywriting.guard import check
from mmstudio.jobs import run_inline
from mmstudio.library import Item, Library
from mmstudio.library.importing import import_work

KINDS = ("number", "price", "percentage", "material")
SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
FABRICS = "organic cotton|merino wool|cotton|polyester|spandex|nylon|hemp|lycra|wool|tencel"
HAN = {
    "cotton": "棉", "organic cotton": "有机棉", "polyester": "涤纶", "nylon": "尼龙", "wool": "羊毛",
    "spandex": "氨纶",
    "hemp": "汉麻", "merino wool": "美利奴羊毛", "leather": "皮革", "plastic": "塑料",
    "rubber": "橡胶", "silicone": "硅胶",
    "canvas": "帆布", "linen": "亚麻", "metal": "金属", "rayon": "人造丝", "foam": "泡棉",
    "mesh": "网布", "fleece": "抓绒",
}  # fmt: skip

# Wordings: {t} the title, {m} a measure, {n} a count, {o} what is counted or measured, {p} a price,
# {s} a share, {f} a material.
DEV = {
    'measure': (
        'Take the {t} along: {o} {m}.',
        'Its {o} comes to {m}, no less.',
        '{t}, with {m} of {o}.',
        'You asked about the {o} of the {t}. It is {m}.',
        'With its {o} of {m}, the {t} is ready when you are.',
        '{t} – {o}: {m}.',
        'Measured by hand, the {t} has {m} of {o}.',
        'Why do people pick the {t}? {m} {o}.',
        'Tell your friends that the {o} of this one is {m}.',
    ),
    'count': (
        'The {t} brings you {n} {o}.',
        'Look closely and you will see {n} {o} on the {t}.',
        '{n} {o}: that is the {t}.',
        'There are {n} {o} on the {t}.',
        'Thanks to {n} {o}, the {t} goes wherever you go.',
        'You get {n} {o} with the {t}, and a smile.',
        'Have you counted them? {n} {o}.',
    ),
    'price': (
        'Grab the {t} at {p} and go.',
        'The {t} can be yours for as little as {p}.',
        'We ask {p} for the {t}.',
        '{t}（{p}）',
        '这款{t}只要{p}。',
        'Price of the {t}: {p}.',
        'At {p}, the {t} leaves something for lunch.',
        'It takes {p} to bring the {t} home.',
        'Pay {p}, wear the {t} tonight.',
        '{t}现在售价{p}。',
        '花{p}就能买到{t}。',
    ),
    'percentage': (
        'The {t} is knit from {s} {f}.',
        'Check the label of the {t}: {s} {f}.',
        '{f} makes up {s} of the {t}.',
        '{t}含{s}{h}。',
        'What is inside the {t}? {s} {f}.',
        'Made to move: {s} {f}, cut for the {t}.',
        'The {t} contains {s} {f} and good ideas.',
        'With {f} at {s}, the {t} feels like yours.',
        '{t}的面料是{s}{h}。',
    ),
    'material': (
        'We cut the {t} from {f}.',
        'Feel the {f} of the {t}.',
        'A touch of {f} in every {t}.',
        '{t}采用{h}。',
        'Slip into {f}: the {t} is here.',
        'The {t} pairs {f} with the way you move.',
        'Woven with {f}, the {t} waits by the door.',
        'Is it {f}? Yes, the {t} is.',
        '{t}使用{h}制作。',
    ),
    'words': (
        "From the maker's notes on the {t}: {d}",
        '{d} That is the {t}.',
        'About the {t}. {d}',
        'Read this twice: {d}',
        '{d} Says the page of the {t}.',
    ),
}  # fmt: skip
TEST = {
    'measure': (
        'Customers write in about the {o} of the {t}, so here it is in plain figures: {m}.',
        'Hold a ruler to it. {o}, {m}. That is all there is to the {t}.',
        '{m} {o}, one {t}, zero fuss.',
        'In our catalogue the {t} stands with {o} of {m}.',
        'A {t} has {o} of {m}, whatever the weather.',
    ),
    'count': (
        'Whoever designed the {t} thought of {n} {o}.',
        'It was the {n} {o} that won us over – hello, {t}!',
        'Not one for secrets: {n} {o} sit on the {t}.',
        'Do you need {n} {o}? Then look at the {t}.',
        '{t}. {n} {o}. Done.',
    ),
    'price': (
        'Ready for checkout: {t}, {p}.',
        '{p} – that is what the tag on the {t} reads.',
        'Somebody at the till says “{p}, please” and hands over the {t}.',
        'How much for the {t}? {p}!',
        '这款{t}标价{p}，欢迎来看。',
        'The {t} went into the basket; {p} went on the bill.',
    ),
    'percentage': (
        'Touch the {t}: it feels like {f}, and {s} of it is.',
        'Our tailor swears by {s} {f} for the {t}.',
        'Inside label, {t}: {f} {s}.',
        'A blend with {s} {f} gives the {t} its drape.',
        '成分说明：{h}{s}（{t}）。',
    ),
    'material': (
        'The {t} comes in {f}, end of story.',
        'Nothing says Sunday like {f}, and the {t} agrees.',
        '{f}, scissors, thread: that is how a {t} begins.',
        'Our {t} loves {f}.',
        '摸一摸{t}的{h}吧。',
        'Wear the {t} and let the {f} do the talking.',
    ),
    'words': (
        'We read aloud from the box of the {t}: {d}',
        '{d} (so it says about the {t})',
        'Dear shopper, {d} Yours, the {t}.',
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A number of an item: ``unit`` inch, foot, lb, cm … or "" for a count of ``thing``."""

    value: float
    unit: str
    thing: str


@dataclass(frozen=True, eq=False)
class Row:
    """An item and the facts that this file reads from it."""

    item: Item
    words: str
    figures: tuple[Figure, ...]
    shares: tuple[tuple[int, str], ...]
    materials: tuple[str, ...]
    sentences: tuple[str, ...]

    @property
    def half(self) -> str:
        return "dev" if zlib.crc32(self.item.sku.encode()) % 2 == 0 else "test"


@dataclass(frozen=True, eq=False)
class Sentence:
    """A made sentence; ``start:stop`` is its false fact, empty where all is true."""

    row: Row
    kind: str
    text: str
    start: int = 0
    stop: int = 0


def read(items: list[Item]) -> list[Row]:
    rows = []
    for item in items:
        text = f"{item.title}. {item.description}"
        plain = re.sub(r"\s+", " ", text)
        named = re.search(r"material=([^,;]*)", item.attributes.get("additional_attributes", ""))
        listed = item.attributes.get("material", named[1] if named else "")
        materials = [m.strip().lower() for m in listed.split("|")]
        materials = [
            m for m in materials if re.fullmatch(r"[a-z ]{3,}", m) and "fabric" not in m and "tech" not in m
        ]
        shares = {
            (int(n), f.lower()) for n, f in re.findall(rf"(\d+)\s?%\s({FABRICS})\b", plain, re.IGNORECASE)
        }
        words = f"{plain} {' '.join(item.attributes.values())}".lower()
        sentences = [
            s.strip() for s in re.split(r"(?<=[.!])\s+", item.description.split("\n")[0]) if 25 < len(s) < 140
        ]
        rows.append(
            Row(item, words, tuple(figures(plain)), tuple(sorted(shares)), tuple(materials), tuple(sentences))
        )
    return rows


def figures(plain: str) -> Iterator[Figure]:
    for found in re.finditer(r'L (\d+)" x W (\d+)" x ([HD]) (\d+)"', plain):
        yield Figure(float(found[1]), "inch", "length")
        yield Figure(float(found[2]), "inch", "width")
        yield Figure(float(found[4]), "inch", {"H": "height", "D": "depth"}[found[3]])
    for found in re.finditer(r'(\d+(?:\.\d+)?)" (inseam|body length|leg zips)', plain):
        yield Figure(float(found[1]), "inch", found[2])
    for found in re.finditer(r"(\d+)(?:-| )(lb|year|minute|second)s? ([a-z]+)", plain):
        yield Figure(float(found[1]), found[2], found[3])
    for found in re.finditer(r"(\d+) (cm) ([a-z]+)", plain):
        yield Figure(float(found[1]), found[2], found[3])
    counted = "pockets|colors|compartments|bands|wheels|handles|layers|postures|options|workouts"
    for found in re.finditer(
        rf"\b({'|'.join(SMALL[2:])}|\d+) (?:[a-z-]+ ){{0,2}}({counted})\b", plain, re.IGNORECASE
    ):
        value = SMALL.index(found[1].lower()) if found[1].lower() in SMALL else int(found[1])
        yield Figure(float(value), "", found[2])


def spoken(figure: Figure, rng: random.Random) -> str:
    """A figure in other words: spelled out, with another sign, in another unit."""
    n = f"{figure.value:g}"
    ways = [n]
    if figure.value == int(figure.value) and figure.value <= 12:
        ways.append(SMALL[int(figure.value)])
    match figure.unit:
        case "":
            return rng.choice(ways)
        case "inch":
            metric = f"{figure.value * 2.54:.1f} cm"
            return rng.choice([f'{n}"', f"{n} inches", f"{n} in.", metric, f"{ways[-1]} inches"])
        case "lb":
            return rng.choice([f"{n} pounds", f"{n} lbs", f"{figure.value * 0.45359237:.1f} kg"])
        case "cm":
            return rng.choice([f"{n} centimetres", f"{n}cm", f"{figure.value / 100:g} m"])
    return rng.choice([f"{ways[-1]} {figure.unit}s", f"{n} {figure.unit}s"])


def priced(price: float, rng: random.Random) -> str:
    whole = f"{price:g}"
    return rng.choice(
        [
            f"${price:.2f}",
            f"${whole}",
            f"{price:.2f} USD",
            f"{whole} dollars",
            f"US${whole}",
            f"{whole}美元",
            f"USD {whole}",
        ]
    )


def share(value: int, rng: random.Random, han: bool) -> str:
    if han:
        return f"{value}%"
    ways = [f"{value}%", f"{value} percent", f"{value} per cent"]
    if value in (20, 30, 40, 50, 60, 80):
        ways.append(
            {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 80: "eighty"}[value]
            + " percent"
        )
    return rng.choice(ways)


def make(rows: list[Row], half: str, wrong: bool, per_kind: int, rng: random.Random) -> list[Sentence]:
    """``per_kind`` different sentences of each kind over the items of a half."""
    wordings = DEV if half == "dev" else TEST
    own = [row for row in rows if row.half == half]
    kinds = KINDS if wrong else (*KINDS, "words")
    made: list[Sentence] = []
    seen: set[tuple[str, str]] = set()
    for kind in kinds:
        found = 0
        for _ in range(20_000):
            if found == per_kind:
                break
            row = rng.choice(own)
            sentence = one(row, rng.choice(rows), kind, wrong, wordings, rng)
            if sentence is None or (row.item.sku, sentence.text) in seen:
                continue
            seen.add((row.item.sku, sentence.text))
            made.append(sentence)
            found += 1
    return made


def one(
    row: Row, other: Row, kind: str, wrong: bool, wordings: dict[str, tuple[str, ...]], rng: random.Random
) -> Sentence | None:
    title = row.item.title
    source = other if wrong else row
    fact = ""
    if kind == "words":
        if not row.sentences:
            return None
        text = rng.choice(wordings["words"]).format(t=title, d=rng.choice(row.sentences))
        return Sentence(row, kind, text)
    if kind == "price":
        if source.item.price is None or (wrong and source.item.price == row.item.price):
            return None
        fact = priced(source.item.price, rng)
        text = rng.choice(wordings["price"]).format(t=title, p=fact)
    elif kind == "material":
        names = [
            m
            for m in source.materials
            if not wrong or not any(part in row.words for part in (m, m.split()[-1]))
        ]
        if not names:
            return None
        name = rng.choice(names)
        wording = rng.choice(wordings["material"])
        if "{h}" in wording and name not in HAN:
            return None
        fact = HAN[name] if "{h}" in wording else name
        text = wording.format(t=title, f=name, h=HAN.get(name, ""))
    elif kind == "percentage":
        if not source.shares:
            return None
        value, name = rng.choice(source.shares)
        if wrong and row.shares and rng.random() < 0.5:  # a share of this item, of the wrong material
            value = rng.choice(row.shares)[0]
        there = (value, name) in row.shares or re.search(rf"\b{value}\s?%[^.]*{name}", row.words)
        if wrong and there:
            return None
        wording = rng.choice(wordings["percentage"])
        fact = share(value, rng, "{h}" in wording)
        text = wording.format(t=title, s=fact, f=name, h=HAN.get(name, name))
    else:
        if not source.figures:
            return None
        figure = rng.choice(source.figures)
        if wrong and any(abs(figure.value - f.value) < 1e-9 and f.thing == figure.thing for f in row.figures):
            return None
        if wrong and re.search(rf"(?<![\d.]){figure.value:g}(?![\d.])|\b{word(figure.value)}\b", row.words):
            return None
        fact = spoken(figure, rng)
        wording = rng.choice(wordings["measure" if figure.unit else "count"])
        text = wording.format(t=title, m=fact, n=fact, o=figure.thing)
    if not wrong:
        return Sentence(row, kind, text)
    start = text.rfind(fact)
    return Sentence(row, kind, text, start, start + len(fact))


def word(value: float) -> str:
    return SMALL[int(value)] if value == int(value) and value <= 12 else "\0"


def literal(row: Row, text: str) -> list[tuple[int, int]]:
    """The reference: numbers and fabrics that do not stand in the item's text letter by letter."""
    price = f"{row.item.price:g}" if row.item.price is not None else ""
    pattern = rf"\d+(?:\.\d+)?|\b(?:{FABRICS}|leather|plastic|rubber|canvas|metal|rayon|foam|mesh)\b"
    found = re.finditer(pattern, text.lower())
    return [one.span() for one in found if one[0] != price and one[0] not in row.words]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("dev", "test"), default="test")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="store_true", help="print every miss and false alarm")
    given = parser.parse_args()
    rows = read(shop(given.data))
    rng = random.Random(given.seed)
    false = make(rows, given.half, True, 50, rng)
    true = make(rows, given.half, False, 40, rng)
    facts = {row.item.sku: known_of(row.item) for row in rows}
    started = time.process_time()
    marked = {
        s: [(x.start, x.end) for x in check(s.text, facts[s.row.item.sku]) if x.blocks]
        for s in (*false, *true)
    }
    spent = time.process_time() - started
    plain = {s: literal(s.row, s.text) for s in (*false, *true)}
    print(
        f"{given.half} half, seed {given.seed}: {len(false)} sentences with one false fact, "
        f"{len(true)} with none"
    )
    print(f"{'':12s} {'false facts found':>28s} {'literal reference':>20s}")
    for kind in KINDS:
        there = [s for s in false if s.kind == kind]
        print(f"{kind:12s} {rate(there, marked):>28s} {rate(there, plain):>20s}")
    alarms = Counter(s.kind for s in true if marked[s])
    print(
        f"{'false alarms':12s} {part(sum(alarms.values()), len(true)):>28s} "
        f"{part(sum(bool(plain[s]) for s in true), len(true)):>20s}"
    )
    print(f"  by kind: {dict(alarms)}" if alarms else "")
    print(f"{1000 * spent / max(len(marked), 1):.1f} ms of processor a sentence, reading the facts included")
    if given.show:
        for s in false:
            if not hit(s, marked):
                print(f"MISS  {s.kind:10s} {s.row.item.sku}: {s.text} [{s.text[s.start : s.stop]}]")
        for s in true:
            if marked[s]:
                print(f"ALARM {s.kind:10s} {s.row.item.sku}: {s.text} {[s.text[a:b] for a, b in marked[s]]}")


def hit(s: Sentence, marked: dict[Sentence, list[tuple[int, int]]]) -> bool:
    return any(low < s.stop and s.start < high for low, high in marked[s])


def rate(there: list[Sentence], marked: dict[Sentence, list[tuple[int, int]]]) -> str:
    return part(sum(hit(s, marked) for s in there), len(there))


def part(n: int, of: int) -> str:
    return f"{n}/{of} = {n / max(of, 1):.3f}"


def shop(data: Path) -> list[Item]:
    """The shop's items as the catalogue import reads them."""
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(data / "shop" / "items.csv", folder)
        with Library.create(Path(folder) / "guard.mmlib") as library:
            run_inline(import_work(library, [], catalog=Path(folder) / "items.csv"))
            return [library.items.get(number) for number in library.items.ids()]


if __name__ == "__main__":
    main()
