"""The reply: a question in, an answer card out, in the library's own words and with its source."""

from __future__ import annotations

from mmstudio.composition.draft import Draft
from mmstudio.composition.making.finding import chosen_pictures, usable
from mmstudio.composition.making.lesson import set_language
from mmstudio.composition.making.narration import (
    DEFAULT_VOICE,
    NO_VOICE,
    Narrator,
    lead,
    scene_seconds,
)
from mmstudio.composition.making.plain import clean, shortened
from mmstudio.composition.making.retrieving import Answer, answer
from mmstudio.composition.palette import scheme
from mmstudio.composition.steps.pictures import palette
from mmstudio.composition.steps.scenes import finish_scenes, make_scene
from mmstudio.composition.storyboard import Block, SoundTrack
from mmstudio.errors import UsageError
from mmstudio.generation.copywriting.facts import Fact
from mmstudio.generation.price import format_price
from mmstudio.i18n import speaking, tr

_LONGEST = 360  # letters of an answer
_LONGEST_VOICE = 60.0  # seconds of a card whose item speaks for itself


def reply(draft: Draft) -> None:
    """Fill in an answer card: question, answer word for word, where it is from, picture, voice.

    Where nothing in the library fits, the card says so. Raises UsageError without a question.
    """
    question = clean(draft.inputs.text, 300)
    if not any(c.isalnum() for c in question):
        raise UsageError("There is no question here.", hint="Write what you want to know.")
    set_language(draft, question)
    with speaking(draft.board.locale):
        found = answer(draft, question)
        _lay(draft, question, found)


def _lay(draft: Draft, question: str, found: Answer | None) -> None:
    board = draft.board
    board.name = question[:120]
    said, source = tr("Nothing in this library answers that."), ""
    picture = None
    if found is not None:
        said = shortened(" ".join(_said(draft, fact, found) for fact in found.facts), _LONGEST)
        source = _source(found)
        board.item_id = found.item_id
        board.facts["answer.answer"] = [fact.label for fact in found.facts]
        picture = _picture(draft, found)
        draft.add_source(
            "answer", "facts" if found.item_id is not None else "asset", found.asset_id, found.title
        )
    draft.add_source("question", "person", None, question)
    if picture is not None:
        draft.pictures["hero"] = picture
        draft.add_asset_source("picture", picture)
        palette(draft)
    else:
        board.palette = scheme([], draft.seed)
    voice = str(draft.option("voice")).strip()
    own = _own_voice(draft, found) if voice in ("", DEFAULT_VOICE) else None
    narrator = Narrator(draft, NO_VOICE if own is not None else voice)
    speech = next(narrator.speak([said]))[1]
    seconds = max(5.0, scene_seconds(f"{question} {said}", speech))
    if own is not None:
        seconds = max(seconds, min(lead() + (draft.asset(own).duration or 0.0) + 0.6, _LONGEST_VOICE))
    copy = {"question": question, "answer": said, "source": source}
    pattern = "answer" if picture is not None else "answer_plain"
    shown = {} if picture is None else {"picture": picture}
    make_scene(draft, pattern, 0.0, seconds, copy=copy, pictures=shown, name="answer")
    finish_scenes(draft)
    narrator.keep([(lead(), speech)] if speech is not None else [], question)
    if own is not None:
        board.voice = SoundTrack(own, start=lead(), loop=False, fade_out=0.1, source="asset", name="voice")
        draft.add_asset_source("voice", own)
    blocks = [Block("heading", question, None, {"level": 1}, "question")]
    blocks.append(Block("quote" if found is not None else "text", said, None, {"by": source}, "answer"))
    if source:
        blocks.append(Block("note", source, None, {}, "source"))
    if picture is not None:
        blocks.append(
            Block("picture", "", picture, {"alt": found.title if found is not None else ""}, "picture")
        )
    if board.voice is not None:
        blocks.append(Block("sound", tr("Listen to the answer"), board.voice.asset_id, {}, "voice"))
    board.blocks = blocks


def _said(draft: Draft, fact: Fact, found: Answer) -> str:
    """A fact as it is shown: a sentence as it stands, an attribute with its name."""
    if fact.kind == "price" and found.item_id is not None:
        item = draft.library.items.get(found.item_id)
        if item.price is not None:
            return f"{found.title}: {format_price(item.price, item.currency, draft.board.locale)}."
    if fact.kind == "flag":
        return tr("{name}: yes.", name=_capital(fact.key))
    if fact.kind == "attribute":
        return f"{_capital(fact.key)}: {fact.text}."
    text = fact.text.strip()
    ended = text if text[-1:] in '.!?…。！？”"' else f"{text}."
    return f"“{text}”" if fact.kind == "review" else ended


def _source(found: Answer) -> str:
    fact = found.facts[0]
    if found.asset_id is not None:
        return tr("From the text “{title}”", title=found.title)
    if fact.kind == "review":
        return tr("{review}, on {title}", review=_capital(fact.key), title=found.title)
    return tr("From what the catalogue says about {title}", title=found.title)


def _picture(draft: Draft, found: Answer) -> int | None:
    """The picture that was given, else the item's hero, where it may be shown."""
    if given := chosen_pictures(draft):
        return given[0]
    hero = draft.library.items.hero_of(found.item_id) if found.item_id is not None else None
    return hero if hero is not None and usable(draft.asset(hero)) else None


def _own_voice(draft: Draft, found: Answer | None) -> int | None:
    """The sound in which the item that answers speaks for itself, where it may be heard."""
    if found is None or found.item_id is None:
        return None
    links = draft.library.items.assets_of(found.item_id)
    ids = [link.asset_id for link in links if link.role == "voice"]
    return next((one for one in ids if usable(draft.asset(one), ("audio",))), None)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
