"""One item with all that hangs on it; title, description and price are edited where they stand."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop import theme
from mmstudio.desktop.models.items import ItemFacts
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, card, row, section
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import FlowLayout, empty, let_wrap
from mmstudio.desktop.views.item_words import item_words
from mmstudio.desktop.views.painting import sized
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.tiles import PictureTile, Stars
from mmstudio.i18n import mark, tr
from mmstudio.library.reviewers import shown_author

if TYPE_CHECKING:
    from mmstudio.features.texts.service import ItemWords
    from mmstudio.library.records import Review

ROLE_NAMES = {
    "hero": mark("Main picture"),
    "detail": mark("More pictures"),
    "voice": mark("Voice"),
    "music": mark("Music"),
    "clip": mark("Clips"),
    "review": mark("From customers"),
    "text": mark("Texts"),
}
LINK_NAMES = {
    "related": mark("Goes with"),
    "upsell": mark("Better alternative"),
    "crosssell": mark("Bought together"),
}
KIND_ICONS = {"image": "image", "audio": "music-notes", "video": "film-strip", "text": "article"}
_REVIEWS = 5


class ItemDetail(QScrollArea):
    """Signals carry what the person wants; the pane does it."""

    edited = Signal(int, str, object)  # item id, field, value
    item_wanted = Signal(int)
    asset_wanted = Signal(int)
    ad_wanted = Signal(int)
    similar_wanted = Signal(int)
    invalid = Signal(str)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._facts: ItemFacts | None = None
        self._all_reviews = False
        self._words: ItemWords | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        body = QWidget()
        self._layout = QVBoxLayout(body)
        self._layout.setContentsMargins(24, 16, 24, 24)
        self._layout.setSpacing(8)
        self.setWidget(body)
        self._build_head()
        self._sections = QWidget()
        self._sections_layout = QVBoxLayout(self._sections)
        self._sections_layout.setContentsMargins(0, 0, 0, 0)
        self._sections_layout.setSpacing(8)
        self._layout.addWidget(self._sections)
        self._layout.addStretch(1)
        let_wrap(body)

    def _build_head(self) -> None:
        self.title = QLineEdit()
        self.title.setProperty("quiet", True)
        self.title.setFont(sized(self.title.font(), theme.TITLE, bold=True))
        name(self.title, mark("Title"), mark("Click to change the title"))
        self.price = QLineEdit()
        self.price.setProperty("quiet", True)
        self.price.setFixedWidth(110)
        name(self.price, mark("Price"), mark("Click to change the price"))
        say(self.price, mark("no price"), "setPlaceholderText")
        self.currency = label(role="muted")
        self.category = label(role="chip")
        self.sku = label(role="small")
        self.description = TextField()
        self.description.setProperty("quiet", True)
        self.description.left.connect(lambda: self._send("description", self.description.words()))
        name(self.description, mark("Description"), mark("Click to change the description"))
        say(self.description, mark("No description yet"), "setPlaceholderText")
        self.ad_button = button(mark("Make an ad"), self._want_ad, "primary", icon="film-strip")
        self.similar_button = button(mark("Find similar"), self._want_similar, icon="circles-three")
        self.title.editingFinished.connect(self._title_edited)
        self.price.editingFinished.connect(self._price_edited)
        self._layout.addWidget(self.title)
        facts = QWidget()
        flow = FlowLayout(facts)
        for part in (self.price, self.currency, self.category, self.sku):
            flow.addWidget(part)
        self._layout.addWidget(facts)
        self._layout.addWidget(self.description)
        actions = QWidget()
        flow = FlowLayout(actions)
        flow.addWidget(self.ad_button)
        flow.addWidget(self.similar_button)
        self._layout.addWidget(actions)

    # --- showing ----------------------------------------------------------------------------------

    @property
    def item_id(self) -> int | None:
        """The item shown."""
        return self._facts.item.id if self._facts else None

    def show_facts(self, facts: ItemFacts, *, read_only: bool) -> None:
        """Show an item; a field the person is typing in is left alone."""
        new = self._facts is None or facts.item.id != self._facts.item.id
        self._facts = facts
        item = facts.item
        for field, text in ((self.title, item.title), (self.price, _plain_price(item.price))):
            field.setReadOnly(read_only)
            if new or not field.hasFocus():
                field.setText(text)
                field.setCursorPosition(0)
        self.description.setReadOnly(read_only)
        if new or not self.description.hasFocus():
            self.description.setPlainText(item.description)
        self.currency.setText(item.currency)
        self.category.setText(item.category)
        self.category.setVisible(bool(item.category))
        self.sku.setText(tr("Number {sku}", sku=item.sku))
        if new:
            self._all_reviews = False
            self._words = None
            self.verticalScrollBar().setValue(0)
        self._fill_sections(facts)

    def show_words(self, words: ItemWords) -> None:
        """Show what an item's words say, where that item is still the one shown."""
        if words.item_id == self.item_id and words != self._words:
            self._words = words
            self._fill_words()

    def retranslate(self) -> None:
        """Write the sections again."""
        if self._facts is not None:
            self.sku.setText(tr("Number {sku}", sku=self._facts.item.sku))
            self._fill_sections(self._facts)

    def _fill_sections(self, facts: ItemFacts) -> None:
        empty(self._sections_layout)
        self._fill_gallery(facts)
        self._fill_attributes(facts.item.attributes)
        self._words_box = QVBoxLayout()
        self._words_box.setContentsMargins(0, 0, 0, 0)
        self._words_holder = QWidget()
        self._words_holder.setLayout(self._words_box)
        self._sections_layout.addWidget(self._words_holder)
        self._fill_words()
        self._fill_links(facts)
        self._fill_reviews(facts.reviews)
        let_wrap(self._sections)

    def _fill_gallery(self, facts: ItemFacts) -> None:
        order = {role: i for i, role in enumerate(ROLE_NAMES)}
        assets = sorted(facts.gallery, key=lambda g: (order.get(g[0].role, 99), g[0].position))
        for role, group in groupby(assets, key=lambda g: g[0].role):
            self._sections_layout.addWidget(section(ROLE_NAMES.get(role, role)))
            strip, flow = _flow()
            for asset, kind, title in group:
                side = 160 if role == "hero" else 96
                words = title or tr(ROLE_NAMES.get(role, role))
                tile = PictureTile(
                    self._pictures,
                    asset.asset_id,
                    words,
                    side=side,
                    icon=KIND_ICONS.get(kind, "image"),
                    contain=True,
                )
                tile.clicked.connect(lambda _checked=False, a=asset.asset_id: self.asset_wanted.emit(a))
                flow.addWidget(tile)
            self._sections_layout.addWidget(strip)
        if facts.missing:
            warning = label(
                mark("{n} files named in the catalogue were not found: {names}"),
                "warning",
                wrap=True,
                n=len(facts.missing),
                names=", ".join(facts.missing[:4]) + (" …" if len(facts.missing) > 4 else ""),
            )
            self._sections_layout.addWidget(warning)

    def _fill_attributes(self, attributes: dict[str, str]) -> None:
        if not attributes:
            return
        self._sections_layout.addWidget(section(mark("Facts")))
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for line, (key, value) in enumerate(attributes.items()):
            key_label, value_label = QLabel(key.replace("_", " ")), QLabel(value)
            key_label.setProperty("role", "muted")
            value_label.setWordWrap(True)
            value_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(key_label, line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value_label, line, 1)
        self._sections_layout.addWidget(table)

    def _fill_words(self) -> None:
        empty(self._words_box)
        if self._words is not None:
            self._words_box.addWidget(item_words(self._words))
        self._words_holder.setVisible(self._words is not None)
        let_wrap(self._words_holder)

    def _fill_links(self, facts: ItemFacts) -> None:
        for kind, group in groupby(sorted(facts.links, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
            self._sections_layout.addWidget(section(LINK_NAMES.get(kind, kind)))
            strip, flow = _flow()
            for _kind, linked in list(group)[:12]:
                tile = PictureTile(
                    self._pictures,
                    linked.hero,
                    linked.title,
                    caption=linked.title,
                    note=linked.price,
                    contain=True,
                )
                tile.clicked.connect(lambda _checked=False, i=linked.id: self.item_wanted.emit(i))
                flow.addWidget(tile)
            self._sections_layout.addWidget(strip)

    def _fill_reviews(self, reviews: list[Review]) -> None:
        if not reviews:
            return
        self._sections_layout.addWidget(section(mark("What customers wrote")))
        shown = reviews if self._all_reviews else reviews[:_REVIEWS]
        for review in shown:
            self._sections_layout.addWidget(_review_card(review))
        if len(shown) < len(reviews):
            more = button(mark("Show all {n} reviews"), self._show_all_reviews, "link")
            say(more, mark("Show all {n} reviews"), n=len(reviews))
            self._sections_layout.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _show_all_reviews(self) -> None:
        self._all_reviews = True
        if self._facts is not None:
            self._fill_sections(self._facts)

    # --- editing ----------------------------------------------------------------------------------

    def _title_edited(self) -> None:
        text = self.title.text().strip()
        if text:
            self._send("title", text)
        elif self._facts is not None:
            self.title.setText(self._facts.item.title)

    def _price_edited(self) -> None:
        if self._facts is None:
            return
        text = self.price.text().strip()
        try:
            self._send("price", parse_price(text))
        except ValueError:
            self.price.setText(_plain_price(self._facts.item.price))
            self.invalid.emit(tr("“{text}” is not a price. Write a number such as 24.50.", text=text))

    def _send(self, field: str, value: object) -> None:
        if self._facts is not None and getattr(self._facts.item, field) != value:
            self.edited.emit(self._facts.item.id, field, value)

    def _want_ad(self) -> None:
        if self.item_id is not None:
            self.ad_wanted.emit(self.item_id)

    def _want_similar(self) -> None:
        if self.item_id is not None:
            self.similar_wanted.emit(self.item_id)


def parse_price(text: str) -> float | None:
    """``24.50``, ``24,50`` or ``1 299`` as a number, None where empty. Raises ValueError."""
    text = text.replace(" ", "").replace("\u00a0", "")
    if not text:
        return None
    if "," in text and "." in text:
        thousands = "," if text.rfind(".") > text.rfind(",") else "."
        text = text.replace(thousands, "")
    price = float(text.replace(",", "."))
    if not 0 <= price < 1e9:
        raise ValueError(text)
    return round(price, 2)


def _plain_price(price: float | None) -> str:
    return "" if price is None else f"{price:.2f}"


def _review_card(review: Review) -> QWidget:
    frame, layout = card()
    head = row(spacing=8)
    if review.rating is not None:
        head.addWidget(Stars(review.rating, tr("{n} of 5 stars", n=f"{review.rating:g}")))
    author = QLabel(shown_author(review))
    author.setProperty("role", "small")
    head.addWidget(author, 1)
    title = QLabel(review.title)
    title.setProperty("role", "strong")
    title.setWordWrap(True)
    title.setVisible(bool(review.title))
    text = QLabel(review.text)
    text.setWordWrap(True)
    text.setTextFormat(Qt.TextFormat.PlainText)
    layout.addLayout(head)
    layout.addWidget(title)
    layout.addWidget(text)
    return frame


def _flow() -> tuple[QWidget, FlowLayout]:
    strip = QWidget()
    flow = FlowLayout(strip)
    return strip, flow
