"""How soon the Recommend view shows a change: from the person's hand to the last stroke, over 10,000 items.

    python tests/benchmarks/bench_window_ranking.py [--data ../shared/data] [--items 10000] [--rounds 20]

Films and ratings of ../shared/data/interactions where they are, made items and events otherwise; two
audiences of eight likes; the whole window at 1440 × 900 with the inspector open. Two times of each change:

- *seen*: the end of the first painting after which list and likes (their words, order, marks and places)
  stay as they are;
- *still*: the end of the last painting of anything: what explains the chosen card, notices, fields.

The recommender alone is asked the same thing in the same run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from mmstudio.desktop.app import _SWITCH_S, prepare
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.ranking import Wish, ask
from mmstudio.desktop.panes.audiences import AudiencesPane
from mmstudio.desktop.panes.two import TwoPane
from mmstudio.desktop.window import MainWindow
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.importing import import_work
from mmstudio.settings import Settings
from mmstudio.studio import Studio
from support.qt import settle, wait_until

_QUIET_S = 0.06  # nothing was painted for so long: the change is over


@dataclass
class Painting:
    """One painting of the window: when it was over, and what it showed."""

    over: float
    shown: Hashable


class Window(MainWindow):
    """The program's window; tells when it has painted."""

    paintings: list[Painting]
    shows: Callable[[], Hashable] | None = None

    def event(self, event: QEvent) -> bool:
        shown = None
        painting = event.type() == QEvent.Type.UpdateRequest and self.shows is not None
        if painting and self.shows is not None:
            shown = self.shows()
        done = super().event(event)
        if painting:
            self.paintings.append(Painting(time.perf_counter(), shown))
        return done


def make_tables(folder: Path, items: int) -> tuple[Path, Path]:
    """A made catalogue and events: 600 people, 100,000 ratings."""
    rng = np.random.default_rng(0)
    kinds = ("mug", "scarf", "bottle", "lamp", "bag", "coat")
    catalogue, events = folder / "items.csv", folder / "events.csv"
    lines = [
        f"SKU-{i},{kinds[i % 6].title()} {i},A {kinds[i % 6]} for every day,{10 + i % 90},{kinds[i % 6]}"
        for i in range(items)
    ]
    catalogue.write_text("sku,title,description,price,category\n" + "\n".join(lines) + "\n", encoding="utf-8")
    people, chosen = rng.integers(0, 600, 100_000), rng.zipf(1.3, 100_000) % items
    rows = [f"{p},SKU-{i},{r}" for p, i, r in zip(people, chosen, rng.integers(1, 6, 100_000), strict=True)]
    events.write_text("user,sku,rating\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return catalogue, events


def line(words: str, seconds: Sequence[float], extra: str = "") -> None:
    """Median and 95th percentile in milliseconds."""
    print(f"{words:44} {_pair(seconds)}{extra}", flush=True)


def _pair(seconds: Sequence[float]) -> str:
    ms = sorted(1000 * s for s in seconds)
    return f"{statistics.median(ms):6.1f} / {ms[int(np.ceil(0.95 * len(ms))) - 1]:6.1f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    prepare()
    sys.setswitchinterval(_SWITCH_S)
    QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        real = args.data / "interactions" if args.data else None
        if real is not None and (real / "movies.csv").is_file():
            catalogue, events = real / "movies.csv", real / "ratings.csv"
        else:
            catalogue, events = make_tables(base, args.items)
        with Library.create(base / "Bench.mmlib") as library:
            run_inline(import_work(library, [], catalog=catalogue, interactions=events))
            ids = library.items.ids()
            library.audiences.add("Bench", "They like warm, light things", liked=ids[:8])
            library.audiences.add("Others", "They like dark, quiet things", liked=ids[20:28])
            print(f"{len(ids):,} items, {len(library.audiences.interactions().member):,} events")
        Bench(base / "Bench.mmlib", args.rounds).run()
    return 0


class Bench:
    """Opens the window and changes things as a person does."""

    def __init__(self, path: Path, rounds: int) -> None:
        self.rounds = rounds
        self.context = AppContext(Settings(language="en", theme="light", reduce_motion=True))
        self.context.adopt(Studio.open(path))
        settle(self.context)
        self.window = Window(self.context)
        self.window.paintings = []
        self.window.resize(1440, 900)
        self.window.show()
        self.window.show_pane("audiences")
        pane = self.window.panes["audiences"]
        assert isinstance(pane, AudiencesPane)
        self.pane, self.view = pane, pane.view
        self._lists = 0
        self.view.answered.connect(self._listed)

    def _listed(self) -> None:
        self._lists += 1

    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self.view.latest.busy and not self.pane._writes.busy and self.context.idle

    def recommend_view(self) -> Hashable:
        """What the Recommend view shows: cards, and likes as switches, with their places."""
        chips = self.view.chips
        return (
            self._lists,
            tuple((row.item.id, row.rank, row.score, row.before, row.marks) for row in self.view.model.rows),
            _place(self.view.cards),
            tuple((item, chip.isChecked(), _place(chip)) for item, chip in chips.chips.items()),
            self.view.note.text(),
            self.view.gone.text(),
        )

    def about(self) -> Hashable:
        """What the page about the audience shows of its shelves and rules."""
        editor = self.pane.editor
        shelves = tuple((key, tuple(shelf.ids), _place(shelf.zone)) for key, shelf in editor.shelves.items())
        counts = tuple((key, count.text()) for key, count in editor.rules.counts.items())
        return shelves, counts, tuple(editor.traits.chips), tuple(editor.taste.texts)

    def measure(
        self, words: str, changes: Sequence[Callable[[], None]], shows: Callable[[], Hashable] | None = None
    ) -> None:
        """Make the changes one after the other; print what was seen when."""
        seen: list[float] = []
        still: list[float] = []
        for change in changes:
            self._quiet()
            self.window.paintings.clear()
            self.window.shows = shows or self.recommend_view
            before = self.window.shows()
            began = time.perf_counter()
            change()
            wait_until(lambda: bool(self.window.paintings) and self.idle())
            self._quiet()
            painted = self.window.paintings
            final = painted[-1].shown
            assert shows is not None or self.view.model.rowCount(), f"{words}: an empty list tells nothing"
            assert final != before, f"{words}: nothing changed"
            first = next(i for i in range(len(painted)) if all(later.shown == final for later in painted[i:]))
            seen.append(painted[first].over - began)
            still.append(painted[-1].over - began)
            self.window.shows = None
        line(words, seen, f"   still {_pair(still)}")

    def _quiet(self) -> None:
        """Wait until nothing happens any more."""
        since = [time.perf_counter(), float(len(self.window.paintings))]

        def over() -> bool:
            if not self.idle() or since[1] != len(self.window.paintings):
                since[:] = [time.perf_counter(), float(len(self.window.paintings))]
            return time.perf_counter() - since[0] > _QUIET_S

        wait_until(over)

    def alone(self, words: str, wishes: Sequence[Wish]) -> None:
        """The recommender asked without a window."""
        studio = self.context.studio
        assert studio is not None
        spent: list[float] = []
        for wish in wishes:
            began = time.perf_counter()
            ask(studio, wish)
            spent.append(time.perf_counter() - began)
        line(f"  recommender alone, {words}", spent)

    def run(self) -> None:
        """All changes, one after the other."""
        view, pane, rounds = self.view, self.pane, self.rounds
        started = time.perf_counter()
        wait_until(lambda: self.view.model.rowCount() > 0 and self.context.idle, 900)
        print(f"first list (reads, fits, measures methods): {time.perf_counter() - started:.1f} s")
        wait_until(lambda: not self.view._waiting and self.idle(), 900)
        studio, shown = self.context.studio, view.audience
        assert studio is not None
        assert shown is not None
        ids, audience, likes = studio.library.items.ids(), shown.id, list(shown.liked)
        print(f"{'':44} seen, median / p95")
        self.alone("another variety", [Wish(shown, relevance=0.5 + 0.02 * n) for n in range(rounds)])
        bar = view.bar
        self.measure("variety slider", [lambda n=n: bar.diversity.setValue(30 + n) for n in range(rounds)])
        bar.diversity.setValue(20)
        self.measure("novelty slider", [lambda n=n: bar.novelty.setValue(10 + n) for n in range(rounds)])
        bar.novelty.setValue(0)
        self.measure("exploration slider", [lambda n=n: bar.explore.setValue(10 + n) for n in range(rounds)])
        bar.explore.setValue(0)
        tries = [Wish(shown, without=frozenset([likes[n % 8]])) for n in range(rounds)]
        self.alone("a like switched off", tries)
        chips = view.chips
        self.measure(
            "a like switched off or on, tried",
            [lambda n=n: chips.chips[likes[n % 8]].click() for n in range(rounds)],
        )
        chips.reset()
        self._quiet()
        more = [lambda i=i: pane._edit(audience, "liked", [*likes, i]) for i in ids[100 : 100 + rounds]]
        self.measure("a like added (kept with the library)", more)
        self.measure(
            "a like taken off or put back",
            [lambda n=n: pane._edit(audience, "liked", likes[n % 2 :]) for n in range(1, rounds + 1)],
        )
        self.measure(
            "a dislike added",
            [lambda i=i: pane._edit(audience, "disliked", [i]) for i in ids[300 : 300 + rounds]],
        )
        caps = [{"caps": {"*": 1 + n % 3}} for n in range(rounds)]
        self.measure(
            "a cap per category changed",
            [lambda r=r: pane._edit(audience, "rules", r) for r in caps],
        )
        if any(item.price is not None for item in studio.library.items.get_many(ids[:20])):
            prices = [{"price_under": 30 + n} for n in range(rounds)]
            self.measure(
                "a price limit changed", [lambda r=r: pane._edit(audience, "rules", r) for r in prices]
            )
        pane._edit(audience, "rules", {})
        words = ("warm", "light", "dark", "funny", "quiet", "loud", "old", "new")
        briefs = [
            f"They like {words[n % 8]} things of {words[(n * 3 + 1) % 8]} towns {n}" for n in range(rounds)
        ]
        self.measure("the brief rewritten", [lambda b=b: pane._edit(audience, "brief", b) for b in briefs])
        self._decisions()
        self.measure(
            "another audience opened",
            [lambda n=n: pane.list.setCurrentIndex(pane.model.index((n + 1) % 2)) for n in range(rounds)],
        )
        self._about(audience, likes, ids)
        self._two()
        settle(self.context)
        self.context.close()

    def _decisions(self) -> None:
        """Pin, ban, approve and reject, by key on the last card but one."""
        for words, key, count in (
            ("a card pinned, or the pin taken off", Qt.Key.Key_P, self.rounds),
            ("a card banned", Qt.Key.Key_B, self.rounds),
            ("a card approved, or that taken back", Qt.Key.Key_A, self.rounds),
            ("a card rejected", Qt.Key.Key_R, self.rounds),
        ):
            place = self.view.model.index(self.view.model.rowCount() - 2)
            self.view.cards.setCurrentIndex(place)
            self.measure(words, [lambda k=key: QTest.keyClick(self.view.cards, k)] * count)

    def _about(self, audience: int, likes: list[int], ids: list[int]) -> None:
        """The page about the audience: its shelves and what a rule takes out."""
        pane = self.pane
        pane.list.setCurrentIndex(pane.model.index(pane.model.row_of(audience)))
        pane.tabs.setCurrentIndex(1)
        self._quiet()
        self.measure(
            "about: a like added to the shelf",
            [lambda i=i: pane.editor.liked.added.emit([i]) for i in ids[400 : 400 + self.rounds]],
            self.about,
        )
        pane._edit(audience, "liked", likes)
        self._quiet()

        def market(code: str) -> None:
            pane.editor.rules.market.setText(code)
            pane.editor.rules.market.editingFinished.emit()

        self.measure(
            "about: a rule, with what it takes out",
            [lambda n=n: market(("DE", "")[n % 2]) for n in range(self.rounds)],
            self.about,
        )
        pane.tabs.setCurrentIndex(0)

    def _two(self) -> None:
        """Two audiences beside each other: the sides swapped."""
        self.window.show_pane("two")
        two = self.window.panes["two"]
        assert isinstance(two, TwoPane)
        wait_until(lambda: two.lists is not None and self.context.idle, 60)

        def shows() -> Hashable:
            sides = (two.a, two.b)
            lists = tuple(tuple((r.row.item.id, r.row.rank, r.other) for r in s.model.rows) for s in sides)
            return lists, tuple(tuple(s.taste.texts) for s in sides), two.summary.text()

        self.measure("two audiences, sides swapped", [two.swap_button.click] * self.rounds, shows)


def _place(widget: QWidget) -> tuple[int, int, int, int, bool]:
    at = widget.geometry()
    return at.x(), at.y(), at.width(), at.height(), widget.isVisible()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of the interpreter's libraries need no farewell
