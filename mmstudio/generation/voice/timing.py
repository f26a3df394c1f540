"""When each word is spoken, where the engine does not say: guessed from the words' lengths and the pauses.

The sound of a piece (one sentence, with espeak-ng) has a known beginning and end. Inside it, commas and their
like are laid on the pauses that are there (measured), and the words between get their share of the time by
their letters and digits. It is told as estimated (docs/adr/0126 has how far off it is).
"""

from __future__ import annotations

import re

import numpy as np

from mmstudio.generation.voice.contract import Samples, Word

_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+")
_BREAK = re.compile(r"[,;:.!?，；：。！？、…—–)\]）】”\"']+$")
_FRAME_S = 0.01
_PAUSE_S = 0.06
_QUIET = 10 ** (-34 / 20)  # of the loudest frame


def tokens(text: str) -> list[str]:
    """Words as they stand, with the marks that touch them; a Chinese character is a word of its own."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if found and not any(c.isalnum() for c in token):
            found[-1] += token if text[match.start() - 1 : match.start()] != " " else f" {token}"
        else:
            found.append(token)
    return found


def estimate(text: str, samples: Samples, rate: int, start: float = 0.0) -> list[Word]:
    """Words of ``text`` with their times in float32[T], which speaks it and begins at ``start`` seconds."""
    words = tokens(text)
    seconds = len(samples) / rate
    if not words or seconds <= 0:
        return []
    weights = np.array([_weight(word) for word in words])
    groups = _groups(words)
    stretches = _stretches([float(weights[a:b].sum()) for a, b in groups], _pauses(samples, rate), seconds)
    found: list[Word] = []
    for (first, last), (begin, end) in zip(groups, stretches, strict=True):
        share = np.concatenate([[0.0], np.cumsum(weights[first:last])])
        times = begin + share / share[-1] * (end - begin)
        found += [
            Word(words[first + i], start + float(times[i]), start + float(times[i + 1]))
            for i in range(last - first)
        ]
    return found


def _groups(words: list[str]) -> list[tuple[int, int]]:
    groups, first = [], 0
    for at, word in enumerate(words):
        if _BREAK.search(word) or at + 1 == len(words):
            groups.append((first, at + 1))
            first = at + 1
    return groups


def _pauses(samples: Samples, rate: int) -> list[tuple[float, float]]:
    """(begin, end) seconds of quiet stretches of at least 60 ms inside the sound."""
    step = max(int(_FRAME_S * rate), 1)
    frames = len(samples) // step
    if frames < 3:
        return []
    level = np.sqrt(np.square(samples[: frames * step].reshape(frames, step)).mean(axis=1))
    quiet = level < _QUIET * level.max()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
    found = [(a * step / rate, b * step / rate) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    seconds = len(samples) / rate
    return [(a, b) for a, b in found if b - a >= _PAUSE_S and a > 0.05 and b < seconds - 0.05]


def _stretches(
    weights: list[float], pauses: list[tuple[float, float]], seconds: float
) -> list[tuple[float, float]]:
    """Begin and end of each group: its end is laid on the pause nearest to where it should be, in order.

    The cheapest assignment of boundaries to pauses by dynamic programming; a boundary may go without.
    """
    total = sum(weights)
    spoken = max(seconds - sum(b - a for a, b in pauses), 1e-3)
    gone, expected = 0.0, []
    for weight in weights[:-1]:
        gone += weight
        at = gone / total * spoken
        expected.append(at + sum(b - a for a, b in pauses if a < at))
    chosen = _matched(expected, pauses, tolerance=max(0.35 * seconds / len(weights), 0.25))
    stretches, begin = [], 0.0
    for at, pause in zip(expected, chosen, strict=True):
        end, following = pause if pause is not None else (at, at)
        end = max(end, begin + 1e-3)
        stretches.append((begin, end))
        begin = max(following, end)
    stretches.append((begin, max(seconds, begin + 1e-3)))
    return stretches


def _matched(
    expected: list[float], pauses: list[tuple[float, float]], tolerance: float
) -> list[tuple[float, float] | None]:
    rows, columns = len(expected), len(pauses)
    cost = np.zeros((rows + 1, columns + 1))
    cost[1:, 0] = np.arange(1, rows + 1) * tolerance
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            # Longer pauses are likelier to be those of a comma than the silence of a stop consonant.
            distance = abs(pauses[j - 1][0] - expected[i - 1]) - (pauses[j - 1][1] - pauses[j - 1][0])
            cost[i, j] = min(cost[i - 1, j - 1] + distance, cost[i, j - 1], cost[i - 1, j] + tolerance)
    found: list[tuple[float, float] | None] = [None] * rows
    i, j = rows, columns
    while i and j:
        if cost[i, j] == cost[i, j - 1]:
            j -= 1
        elif cost[i, j] == cost[i - 1, j] + tolerance:
            i -= 1
        else:
            found[i - 1] = pauses[j - 1]
            i, j = i - 1, j - 1
    return found


def _weight(word: str) -> float:
    """About how many seconds a word takes at the usual rate; fitted to espeak-ng's own word events."""
    if re.match(rf"[{_HAN}]", word):
        return 0.2
    digits = sum(c.isdigit() for c in word)
    letters = sum(c.isalpha() for c in word)
    if word.isupper() and letters > 1:  # spelled out, as a rule
        return 0.25 * letters + 0.36 * digits
    return 0.06 * letters + 0.36 * digits + 0.02
