"""Made product texts, English and Chinese, for the starter models of texts; every word is the project's.

    python models/recipes/texts.py [--count 6000] [--seed 2026]      # prints them, a blank line between

A grammar: what a thing is, how it looks, what it is made of, what people do with it and say about it.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from typing import TypeVar

from product_words import BLAME, BULLETS, CALLS, CLAIMS, COLOURS, KINDS, LOOKS, PRAISE, WHEN, WHO

T = TypeVar("T")
CHINESE = 0.4  # share of the texts


def one(draw: random.Random) -> str:
    """One text: a description, a review, a list or a line of copy, in one of two languages."""
    words = _Words(draw)
    return _chinese(words) if draw.random() < CHINESE else _english(words)


class _Words:
    """What one text is about; each word as (English, Chinese)."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        things, materials, uses, said = KINDS[draw.choice(sorted(KINDS))]
        self.thing, self.made = self._some(things, 1)[0], self._some(materials, 1)[0]
        self.uses, self.colours = self._some(uses, 2), self._some(COLOURS, 3)
        self.looks, self.said = self._some(LOOKS, 3), self._some(said, 3)
        self.praise, self.blame = self._some(PRAISE, 2), self._some(BLAME, 1)[0]
        self.claims, self.bullets = self._some(CLAIMS, 2), self._some(BULLETS, 4)
        self.call, self.who, self.when = (self._some(table, 1)[0] for table in (CALLS, WHO, WHEN))
        self.number = draw.randint(2, 60)

    def _some(self, table: dict[str, str], count: int) -> list[tuple[str, str]]:
        return [(key, table[key]) for key in self.draw.sample(sorted(table), count)]

    def pick(self, options: Sequence[T]) -> T:
        return self.draw.choice(options)


def _english(w: _Words) -> str:
    thing, made, colour = w.thing[0], w.made[0], w.colours[0][0]
    look, other, third = (one[0] for one in w.looks)
    use, more = w.uses[0][0], w.uses[1][0]
    said, again, third_said = (one[0] for one in w.said)
    praise, also = w.praise[0][0], w.praise[1][0]
    blame, claim, claimed = w.blame[0], w.claims[0][0], w.claims[1][0]
    call, who, when, n = w.call[0], w.who[0], w.when[0], w.number
    many = thing.endswith("s") and not thing.endswith("ss")
    a, it, iss, this = ("", "them", "are", "these") if many else (_a(look), "it", "is", "this")
    title = (
        f"{look.capitalize()} {made} {thing}".title()
        if w.draw.random() < 0.5
        else f"{look.capitalize()} {thing}"
    )
    bullets = "".join(f"\n• {one[0]}" for one in w.bullets[: w.draw.randint(2, 4)])
    dashes = "".join(f"\n- {one[0]}." for one in w.bullets[: w.draw.randint(2, 4)])
    return w.pick(
        [
            f"The {look} {colour} {thing} {iss} made of {made}, for {use}. {claim} {claimed}",
            f"{title}\nIn {colour}, good for {use}. {said} {claim}",
            f"{title}\n{said} {again} {claim}{bullets}",
            f"{title}\nMade of {other} {made}, for {use} and {more}. {said}{dashes}",
            f"{title}\n{claim} {said} {again} {call}",
            f"I have had {this} {colour} {thing} for {n} weeks. {praise} {also}",
            f"I bought {this} {thing} for {who}. {said} {praise}",
            f"I bought {it} for {when}. {praise} {blame}",
            f"{praise} {blame} All in all {a} {look} {thing}.".replace("  ", " "),
            f"{said} {again} {blame}",
            f"{praise} {said}",
            f"{blame} But {said[0].lower()}{said[1:]}",
            f"We bought the {made} {thing} for {use}. {praise} {blame}",
            f"{a} {look} {thing} for {use}.".strip().capitalize(),
            f"{look.capitalize()}, {other}, {third}: the {thing} for {use}. {call}",
            f"Take the {colour} {thing} along for {use}. {claim} {praise}",
            f"With the {look} {made} {thing}, {use} and {more} become {other}. {call}",
            f"Looking for {a} {look} {thing}? {claim} {call}".replace("  ", " "),
            f"{call} The {thing} in {colour}, {w.colours[1][0]} and {w.colours[2][0]}.",
            f"Made of {made}. {said} {third_said} Available in {colour} and {w.colours[1][0]}.",
            f"{claim} {claimed}",
            f"My {thing} {iss} {look} and {other}. {praise}",
            f"Is {this} {thing} good for {use}? Yes. {said}",
            f"{who.capitalize()} gave me {this} {thing} for {when}. {praise} {again}",
        ]
    )


def _chinese(w: _Words) -> str:
    thing, made, colour = w.thing[1], w.made[1], w.colours[0][1]
    look, other, third = (one[1] for one in w.looks)
    use, more = w.uses[0][1], w.uses[1][1]
    said, again, third_said = (one[1] for one in w.said)
    praise, also = w.praise[0][1], w.praise[1][1]
    blame, claim, claimed = w.blame[1], w.claims[0][1], w.claims[1][1]
    call, who, when, n = w.call[1], w.who[1], w.when[1], w.number
    bullets = "".join(f"\n• {one[1]}" for one in w.bullets[: w.draw.randint(2, 4)])
    return w.pick(
        [
            f"{colour}的{made}{thing}，{look}设计，适合{use}。{claim}{claimed}",
            f"{look}{thing}\n用{made}制成，{colour}。很适合{use}。{said}{claim}",
            f"{look}{made}{thing}\n{said}{again}{claim}{bullets}",
            f"{made}{thing}\n{claim}{said}{call}",
            f"我用了{n}天这个{colour}的{thing}。{praise}{also}",
            f"{praise}不过{blame}总的来说，是一个{look}{thing}。",
            f"给{who}买的{thing}。{said}{praise}",
            f"为{when}买的。{praise}{blame}",
            f"{said}{again}{blame}",
            f"{praise}{said}",
            f"为{use}准备的{colour}{thing}。",
            f"{look}，{other}，{third}：一个适合{use}的{thing}。{call}",
            f"无论是{use}，还是{more}，这款{look}{thing}都合适。{call}",
            f"想要一个{look}{thing}吗？{claim}{call}",
            f"{thing}有{colour}、{w.colours[1][1]}和{w.colours[2][1]}。{call}",
            f"{made}制成。{said}{third_said}{colour}和{w.colours[1][1]}可选。",
            f"{claim}{claimed}",
            f"我的{thing}是{colour}的，{look}，{other}。{praise}",
            f"这个{thing}适合{use}吗？适合。{said}",
            f"{who}送了我这个{thing}。{praise}{again}",
        ]
    )


def _a(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def texts(count: int, seed: int) -> list[str]:
    """``count`` different texts; the same ones for a seed."""
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[one(draw)] = None
    return list(found)


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args()
    print("\n\n".join(texts(chosen.count, chosen.seed)))


if __name__ == "__main__":
    main()
