"""What ``mmstudio audiences`` shows."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from mmstudio.atomic import write_text
from mmstudio.cli.console import print_json, progress_bar, say, table, warn
from mmstudio.i18n import tr
from mmstudio.jobs import run_inline
from mmstudio.library import Audience
from mmstudio.studio import Studio


def key_state(opened: Studio) -> dict[str, Any]:
    """Where the key of the pseudonyms lies, for JSON."""
    state = opened.library.pseudonyms.state()
    return {"pseudonyms": {"place": state.place, "sentence": state.sentence}}


def show_list(opened: Studio, as_json: bool) -> None:
    """All audiences."""
    rows = opened.library.audiences.list()
    if as_json:
        print_json({"audiences": rows})
    elif not rows:
        say(tr("There are no audiences yet: add one with `mmstudio audiences LIB add NAME`."))
    else:
        table(["name", "locale", "brief"], [[a.name, a.locale, a.brief] for a in rows])
    plain = opened.library.pseudonyms.plain()
    if plain and not as_json:
        warn(tr("{n} members are kept under plain ids: `mmstudio audiences LIB pseudonyms` changes that.",
                n=plain))  # fmt: skip


def show_audience(opened: Studio, audience: Audience, as_json: bool) -> None:
    """One audience with its likes, rules, members, decisions and taste."""
    from mmstudio.recommendation.taste import taste

    library = opened.library
    liked, disliked = (
        [item.sku for item in library.items.get_many(ids)] for ids in (audience.liked, audience.disliked)
    )
    members = library.audiences.member_count(audience.id)
    found = taste(opened.recommender, audience.id)
    decided = library.audiences.decisions(audience.id)
    skus = {item.id: item.sku for item in library.items.get_many(list(decided))}
    if as_json:
        told = {
            "palette": found.palette, "style": found.style, "tempo": found.tempo, "key": found.key,
            "words": found.words, "tags": found.tags, "evidence": found.evidence,
        }  # fmt: skip
        print_json(
            {
                "audience": audience,
                "liked_skus": liked,
                "disliked_skus": disliked,
                "members": members,
                "decisions": {skus[i]: value for i, value in decided.items() if i in skus},
                "taste": told,
                **key_state(opened),
            }
        )
        return
    comma = tr(", ")
    rules = comma.join(f"{key} {_plain(value)}" for key, value in audience.rules.items())
    rows: list[list[Any]] = [
        [tr("Name"), audience.name],
        [tr("Brief"), audience.brief],
        [tr("Locale"), audience.locale],
        [tr("Tone"), audience.tone],
        [tr("Traits"), comma.join(f"{key}: {value}" for key, value in audience.traits.items())],
        [tr("Liked"), comma.join(liked)],
        [tr("Disliked"), comma.join(disliked)],
        [tr("Rules"), rules],
        [tr("Members"), members if members else tr("nobody belongs to it yet")],
        [tr("Approved"), comma.join(skus[i] for i, value in decided.items() if value > 0 and i in skus)],
        [tr("Rejected"), comma.join(skus[i] for i, value in decided.items() if value < 0 and i in skus)],
        [tr("Colours"), " ".join(found.palette)],
        [tr("Style"), comma.join(found.style)],
        [tr("Beats per minute"), f"{found.tempo:g}" if found.tempo else ""],
        [tr("Key"), found.key],
        [tr("Words"), comma.join(found.words)],
        [tr("Taste"), found.evidence],
    ]
    table(["", ""], [row for row in rows if row[1] not in ("", None)])
    if members:
        say(opened.library.pseudonyms.state().sentence)


def show_segments(opened: Studio, count: int | None, seed: int, keep: bool, as_json: bool) -> None:
    """Groups that the events show; with ``keep`` they become audiences."""
    from mmstudio.recommendation import segments

    with progress_bar(tr("Find segments")) as show:
        found = run_inline(segments.find_work(opened.recommender, count, seed), on_progress=show)
    kept: list[str] = []
    if keep:
        ids = [segments.keep(opened.library, one) for one in found]
        kept = [opened.library.audiences.get(audience_id).name for audience_id in ids]
    skus = {i.id: i.sku for i in opened.library.items.get_many([x for one in found for x in one.items[:5]])}
    if as_json:
        rows = [
            {
                "name": one.name, "size": one.size, "share": one.share, "words": one.words,
                "items": [skus[i] for i in one.items[:5]], "spot": one.spot,
                "audience": kept[place] if keep else None,
            }
            for place, one in enumerate(found)
        ]  # fmt: skip
        print_json({"segments": rows, "note": found.note, "quality": found.quality,
                    "stability": found.stability, "tried": found.tried})  # fmt: skip
        return
    if found:
        table(
            [tr("segment"), tr("members"), tr("share"), tr("what they choose")],
            [[s.name, s.size, f"{s.share:.0%}", tr(", ").join(skus[i] for i in s.items[:5])] for s in found],
        )
    say(found.note)
    if not found:
        say(tr("`mmstudio audiences LIB import FILE` brings in who chose what."))
    elif not keep:
        say(tr("--keep makes audiences of them."))
    for name in kept:
        say(tr("Added the audience {name}", name=name))


def show_lookalikes(
    opened: Studio, who: Audience, k: int, members: Path | None, out: Path | None, as_json: bool
) -> None:
    """Members who choose like an audience, by their own ids where those are known."""
    from mmstudio.library.importing.people import read_people
    from mmstudio.recommendation.lookalikes import lookalikes

    found = lookalikes(opened.recommender, who.id, k)
    names = opened.library.audiences.names_of(member for member, _ in found)
    given = read_people(members) if members is not None else ()
    own = opened.library.pseudonyms.originals(names.values(), given)
    rows = [(own.get(names[member], names[member]), likeness) for member, likeness in found]
    if out is not None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([("member", "likeness"), *rows])
        write_text(out, text.getvalue())
    if as_json:
        print_json({"audience": who.name, "members": [{"member": m, "likeness": v} for m, v in rows]})
        return
    if out is not None:
        say(tr("Wrote {path}", path=out))
    elif rows:
        table([tr("member"), tr("likeness")], [list(row) for row in rows])
    else:
        say(tr("Nobody else chooses like them."))
    if len(own) < len(rows):
        warn(tr("Some members are named by their pseudonyms: --members FILE with your own ids names them."))


def show_proposals(opened: Studio, who: Audience, engine: str, take: bool, as_json: bool) -> None:
    """What the brief proposes; with ``take`` it goes into the audience."""
    from mmstudio.cli.audiences import engine_of
    from mmstudio.recommendation import assistant

    found = assistant.propose(opened.library, who, engine_of(opened, engine))
    if take and found:
        assistant.apply(opened.library, who.id, found)
    if as_json:
        print_json({"audience": who.name, "proposals": found, "applied": bool(take and found)})
        return
    if not who.brief.strip():
        say(tr("The brief is empty: write who they are and what they want."))
    elif not found:
        say(tr("The brief proposes nothing that the audience does not have already."))
    else:
        table(
            [tr("proposed"), tr("because of")],
            [[p.label, f"“{p.words}”" if p.words else p.by] for p in found],
        )
        say(tr("Taken into the audience.") if take else tr("Nothing was changed: --apply takes it."))


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return tr(", ").join(map(str, value)) if isinstance(value, list) else str(value)
