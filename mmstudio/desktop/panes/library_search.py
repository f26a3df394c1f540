"""The Library's questions to the search, in workers, and the searches a person keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from mmstudio.desktop.texts import action, say
from mmstudio.desktop.views.ask import AskPanel
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.panes.library import LibraryPane
    from mmstudio.desktop.panes.library_bar import FilterBar, Order, SearchField
    from mmstudio.features.search.finder import FoundAssets
    from mmstudio.library import SavedSearch

_REASONS = 200  # results whose reasons are made at once; others when they are selected
_KEY = "library-query"


@dataclass(slots=True)
class Answer:
    """What a query line finds.

    Attributes:
        ids: in order. facets: counts by facet. total: usable assets of the library.
        like_title: name of the asset that ``like:`` speaks of.
        nothing_to_compare: likeness was asked for, and there are no features to tell it by.
    """

    line: str
    ids: list[int]
    facets: dict[str, dict[str, int]]
    total: int
    like_title: str = ""
    nothing_to_compare: bool = False
    found: FoundAssets | None = field(default=None, repr=False)
    unfinished: bool = False  # networks are asked next, on the device thread

    @property
    def near(self) -> int:
        """How many of the results do not hold the words and are near in meaning only."""
        return 0 if self.found is None else max(0, len(self.found.ids) - self.found.exact)


class Searching(QObject):
    """Asks in a worker, and a second time on the device thread where a network knows more."""

    def __init__(
        self,
        context: AppContext,
        done: Callable[[Answer], None],
        failed: Callable[[Exception], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._done, self._failed = context, done, failed
        self._answer: Answer | None = None
        self._titles: dict[int, str] = {}

    def forget(self) -> None:
        """Another library is open."""
        self._answer = None
        self._titles.clear()

    def title_of(self, like: int | str | None) -> str:
        """The title of the asset that was last looked for, where it is known."""
        return self._titles.get(like, "") if isinstance(like, int) else ""

    def ask(self, line: str, order: Order, descending: bool) -> None:
        """Find what a line asks for; only the latest answer counts."""
        studio = self._context.studio
        if studio is None:
            return
        self._context.background(
            lambda: _look(studio, line, order, descending), self._came, self._failed, key=_KEY
        )

    def _came(self, answer: Answer) -> None:
        studio = self._context.studio
        if studio is None:
            return
        self._remember(answer)
        if not answer.unfinished:
            self._done(answer)
            return
        if answer.ids:
            self._done(answer)
        self._context.ask(
            "library-search",
            lambda: _look_deeper(studio, answer),
            partial(self._came_deeper, answer),
            self._failed,
        )

    def _came_deeper(self, first: Answer, answer: Answer) -> None:
        if self._answer is first:  # nothing else was typed meanwhile
            self._remember(answer)
            self._done(answer)

    def _remember(self, answer: Answer) -> None:
        self._answer = answer
        if answer.found is not None and answer.like_title and isinstance(_like_of(answer.line), int):
            self._titles[int(_like_of(answer.line) or 0)] = answer.like_title

    def reasons(self, ids: list[int], done: Callable[[dict[int, str]], None]) -> None:
        """Why some of the results are there, in a worker; nothing where relevance was not asked for."""
        answer = self._answer
        found = answer.found if answer is not None else None
        if found is None or not ids:
            return

        def came(reasons: dict[int, str]) -> None:
            if reasons and self._answer is answer:
                done(reasons)

        wanted = ids[:_REASONS]
        self._context.background(lambda: found.reasons(wanted), came, key=("reasons", len(wanted) > 1))


def _like_of(line: str) -> int | str | None:
    from mmstudio.library import parse_query

    return parse_query(line).like


def _look(studio: Any, line: str, order: Order, descending: bool) -> Answer:
    from mmstudio.library import AssetFilter, parse_query

    assets, finder = studio.library.assets, studio.features.finder
    wanted = parse_query(line)
    like_title, bare = "", False
    if isinstance(wanted.like, int):
        known = assets.get_many([wanted.like])
        if not known:
            wanted = replace(wanted, like=None)
        else:
            like_title = known[0].title or known[0].rel_path
    found: FoundAssets | None = None
    if wanted.like is not None or (order == "best" and (wanted.text or wanted.either or wanted.colours)):
        found = finder.assets(line)
        ids = found.ids
        if isinstance(wanted.like, int) and ids:
            ids = [wanted.like, *(i for i in ids if i != wanted.like)]
        bare = wanted.like is not None and not ids
    else:
        ids = assets.ids(wanted, order, descending)
    if wanted.like is not None and order != "best":
        chosen = set(ids)
        ids = [i for i in assets.ids(replace(wanted, text="", either=()), order, descending) if i in chosen]
    facets = _with_near(assets, assets.facets(replace(wanted, like=None)), found)
    unfinished = found is not None and finder.networks_help(line)
    return Answer(
        line, ids, facets, assets.count(AssetFilter()), like_title, bare and not unfinished, found, unfinished
    )


def _with_near(
    assets: Any, facets: dict[str, dict[str, int]], found: FoundAssets | None
) -> dict[str, dict[str, int]]:
    """Facets whose kinds count what is near in meaning too, as it is shown."""
    near = [] if found is None else found.ids[found.exact :]
    if near and found is not None and not found.exact:
        facets = {**facets, "kind": dict(Counter(asset.kind for asset in assets.get_many(near)))}
    return facets


def _look_deeper(studio: Any, first: Answer) -> Answer:
    from mmstudio.library import parse_query

    assets = studio.library.assets
    found = studio.features.finder.assets(first.line, deeply=True)
    like = parse_query(first.line).like
    ids = found.ids
    if isinstance(like, int) and ids:
        ids = [like, *(i for i in ids if i != like)]
    facets = _with_near(assets, assets.facets(replace(parse_query(first.line), like=None)), found)
    return replace(
        first,
        ids=ids,
        facets=facets,
        found=found,
        unfinished=False,
        nothing_to_compare=like is not None and not ids,
    )


class SavedSearches(QObject):
    """The menu of saved searches, and an action for each, so that the command palette knows them."""

    def __init__(self, pane: LibraryPane, search: SearchField, bar: FilterBar) -> None:
        super().__init__(pane)
        self._pane, self._search, self._menu = pane, search, bar.saved_menu
        self._kept: list[SavedSearch] = []
        self._actions: list[QAction] = []
        self._menu.aboutToShow.connect(self._fill)

    def refresh(self) -> None:
        """Read them again."""
        studio = self._pane.context.studio
        if studio is None:
            self._came([])
            return
        self._pane.context.background(studio.library.searches.list, self._came, key="saved-searches")

    def _came(self, kept: list[SavedSearch]) -> None:
        self._kept = kept
        for made in self._actions:
            self._pane.removeAction(made)
            made.deleteLater()
        self._actions = []
        for one in kept:
            made = action(
                self._pane, mark("Saved search: {name}"), partial(self._go, one.query), icon="bookmark-simple"
            )
            say(made, mark("Saved search: {name}"), name=one.name)
            say(made, mark("Search for {query}"), "setStatusTip", query=one.query)
            self._actions.append(made)

    def _fill(self) -> None:
        menu = self._menu
        menu.clear()
        save = menu.addAction(tr("Save this search…"))
        save.setEnabled(bool(self._search.text().strip()) and not self._pane.context.read_only)
        save.triggered.connect(lambda _on=False: self.ask_name())
        menu.addSeparator()
        for one in self._kept:
            entry = menu.addAction(one.name)
            entry.setStatusTip(one.query)
            entry.setToolTip(one.query)
            entry.triggered.connect(lambda _on=False, one=one: self._go(one.query))
        if not self._kept:
            menu.addAction(tr("No searches are saved.")).setEnabled(False)
            return
        gone = QMenu(tr("Delete a saved search"), menu)
        gone.setEnabled(not self._pane.context.read_only)
        for one in self._kept:
            gone.addAction(one.name).triggered.connect(lambda _on=False, one=one: self.remove(one.id))
        menu.addSeparator()
        menu.addMenu(gone)

    def _go(self, query: str) -> None:
        self._pane.show_line(query)

    def ask_name(self) -> None:
        """Ask for a name and keep the query line under it."""
        query = self._search.text().strip()
        if not query:
            self._pane.context.notify(tr("A saved search needs a query."), tr("Type words or filters first."))
            return
        library = self._pane.context.library

        def accept(text: str) -> None:
            if text.strip():
                self._pane.context.background(lambda: library.searches.save(text, query))

        AskPanel(
            self._pane,
            tr("Save this search as"),
            accept,
            hint=tr("A short name such as Summer sounds"),
            completions=[one.name for one in self._kept],
        )

    def remove(self, search_id: int) -> None:
        """Forget a saved search."""
        library = self._pane.context.library
        self._pane.context.background(lambda: library.searches.remove(search_id))
