"""Longer forms from pieces: story outlines, scripts, character sheets, lesson outlines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.lines import weight
from mmstudio.generation.copywriting.writing.pieces import Piece, Pieces, Told, tidy

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.contract import Brief

Line = tuple[str, str]  # words and the label of their fact ("" for connecting words)


def _turns(brief: Brief) -> range:
    return range(max(2 * brief.count, 6))


def _rotated(points: list[Piece], turn: int) -> list[Piece]:
    start = turn % max(len(points), 1)
    return points[start:] + points[:start]


def _details(p: Pieces, turn: int, most: int) -> list[Piece]:
    """Details to show; columns where the description has none."""
    colon = "：" if p.chinese else ": "
    stop = "。" if p.chinese else "."
    found = _rotated(p.points, turn)[:most]
    return found + [
        Piece(f"{key}{colon}{a.text}{stop}", a.fact) for key, a in p.attributes[: most - len(found)]
    ]


def _set(lines: list[list[Line]], longest: int, separator: str = "\n") -> Told:
    """Blocks within the limit: blocks that do not fit are left out from the middle, never cut."""
    blocks = [[(tidy(text), fact) for text, fact in block if tidy(text)] for block in lines]
    blocks = [block for block in blocks if block]

    def joined() -> str:
        return separator.join("\n".join(text for text, _ in block) for block in blocks)

    while len(blocks) > 2 and weight(joined()) > longest:
        del blocks[-2]
    while len(blocks) > 1 and weight(joined()) > longest:
        del blocks[-1]
    return Told(joined(), [fact for block in blocks for _, fact in block if fact])


def stories(p: Pieces, brief: Brief) -> Iterator[Told]:
    """A title and three to five beats: somebody, the meeting, details, a voice, the end."""
    if p.name is None:
        return
    colon = "：" if p.chinese else ": "
    for turn in _turns(brief):
        heads = p.parts("story_heads")
        name = p.name.text
        blocks: list[list[Line]] = [[(p.words("story_title", name=name), p.name.fact)]]
        blocks.append([(f"{heads[0]}{colon}{p.words('story_begin')}", "")])
        blocks.append([(f"{heads[1]}{colon}{p.words('story_meet', name=name)}", p.name.fact)])
        most = {"urgent": 1, "calm": 2}.get(p.tone, 3)
        blocks += [
            [(f"{heads[2]}{colon}{p.words('story_look', point=detail.text)}", detail.fact)]
            for detail in _details(p, turn, most)
        ]
        if p.quotes:
            quote = p.quotes[turn % len(p.quotes)]
            blocks.append([(f"{heads[3]}{colon}{p.words('story_voice', quote=quote.text)}", quote.fact)])
        blocks.append([(f"{heads[4]}{colon}{p.words('story_end', name=name)}", p.name.fact)])
        yield _set(blocks, brief.longest)


def scripts(p: Pieces, brief: Brief) -> Iterator[Told]:
    """Up to four scenes with picture, sound, two speakers and words on screen."""
    if p.name is None:
        return
    colon = "：" if p.chinese else ": "
    for turn in _turns(brief):
        scene, picture, sound, screen = p.parts("script_heads")
        pictures, sounds = p.parts("script_pictures"), p.parts("script_sound")
        one, two = p.parts("speakers")
        name = p.name
        asked = p.every("ask_more")
        details = _details(p, turn, {"urgent": 2, "calm": 2}.get(p.tone, 4))
        talks: list[list[Line]] = [
            [
                (f"{one}{colon}{p.words('ask_first')}", ""),
                (f"{two}{colon}{p.words('answer_first', name=name.text)}", name.fact),
            ],
            [],
            [],
        ]
        for at, detail in enumerate(details):
            talks[1 + (at >= 2)] += [
                (f"{one}{colon}{asked[at % len(asked)]}", ""),
                (f"{two}{colon}{detail.text}", detail.fact),
            ]
        if p.quotes:
            quote = p.quotes[turn % len(p.quotes)]
            talks[2] += [
                (f"{one}{colon}{p.words('ask_voice')}", ""),
                (f"{two}{colon}{p.words('answer_voice', quote=quote.text)}", quote.fact),
            ]
        last: list[Line] = []
        if p.price:
            last += [
                (f"{one}{colon}{p.words('ask_price')}", ""),
                (f"{two}{colon}{p.words('price', price=p.price.text)}", p.price.fact),
            ]
        last.append((f"{one}{colon}{p.words('end_talk')}", ""))
        talks = [*[talk for talk in talks if talk], last]
        shown = [name.text, *[d.text for d in details[:1]], "", p.price.text if p.price else name.text]
        blocks: list[list[Line]] = []
        for at, talk in enumerate(talks):
            final = at == len(talks) - 1
            place = 3 if final else min(at, 2)
            head: list[Line] = [
                (f"{scene} {at + 1}", ""),
                (
                    f"{picture}{colon}{pictures[place].format(name=name.text)}",
                    name.fact if "{name}" in pictures[place] else "",
                ),
                (f"{sound}{colon}{sounds[place]}", ""),
            ]
            words = shown[place] if place < len(shown) else ""
            tail: list[Line] = (
                [(f"{screen}{colon}{words}", "")] if words and at in (0, len(talks) - 1) else []
            )
            blocks.append([*head, *talk, *tail])
        yield _numbered(_set(blocks, brief.longest, "\n\n"), scene)


def _numbered(text: Told, scene: str) -> Told:
    """Scenes counted again where some were left out."""
    parts = text.split("\n\n")
    again = [f"{scene} {n}\n" + part.split("\n", 1)[1] for n, part in enumerate(parts, 1) if "\n" in part]
    return Told("\n\n".join(again), text.facts) if again else text


def sheets(p: Pieces, brief: Brief) -> Iterator[Told]:
    """The item as a character: every trait is a fact."""
    if p.name is None:
        return
    colon = "：" if p.chinese else ": "
    materials = {"Material", "Fabric", "材质", "面料"}
    looks = {"Color", "Colour", "Pattern", "Finish", "颜色", "图案", "表面"}
    for turn in _turns(brief):
        heads = p.parts("sheet_heads")
        said = [a for key, a in p.attributes if key in looks][:2]
        made = [a for key, a in p.attributes if key in materials][:1]
        comma = "；" if p.chinese else "; "
        blocks: list[list[Line]] = [[(f"{heads[0]}{colon}{p.name.text}", p.name.fact)]]
        if p.category:
            blocks.append([(f"{heads[1]}{colon}{p.category.text}", p.category.fact)])
        if said:
            blocks.append(
                [
                    (f"{heads[2]}{colon}{comma.join(a.text for a in said)}", said[0].fact),
                    *[("", a.fact) for a in said[1:]],
                ]
            )
        if made:
            blocks.append([(f"{heads[3]}{colon}{made[0].text}", made[0].fact)])
        able = [point for point in _rotated(p.points, turn) if not any(c.isdigit() for c in point.text)]
        blocks += [[(f"{heads[4]}{colon}{point.text}", point.fact)] for point in able[:3]]
        if p.quotes:
            quote = p.quotes[turn % len(p.quotes)]
            blocks.append([(f"{heads[6]}{colon}“{quote.text}”", quote.fact)])
        blocks.append([(f"{heads[7]}{colon}{p.words('manner')}", "")])
        blocks.append([(f"{heads[5]}{colon}{p.words('sheet_line', name=p.name.text)}", p.name.fact)])
        yield _set(blocks, brief.longest)


def lessons(p: Pieces, brief: Brief) -> Iterator[Told]:
    """A goal, what is shown, questions with the answers the facts give, a task."""
    if p.name is None:
        return
    colon = "：" if p.chinese else ": "
    for turn in _turns(brief):
        heads = p.parts("lesson_heads")
        name = p.name
        details = _details(p, turn, 4)
        asked: list[tuple[str, str, str]] = [(p.words("question_name"), name.text, name.fact)]
        if p.category:
            asked.append((p.words("question_category"), p.category.text, p.category.fact))
        asked += [(p.words("question_attribute", key=key), a.text, a.fact) for key, a in p.attributes[:2]]
        if p.points:
            point = _rotated(p.points, turn)[0]
            asked.append((p.words("question_point"), point.text, point.fact))
        if p.price:
            asked.append((p.words("question_price"), p.price.text, p.price.fact))
        goal: list[Line] = [(f"{heads[0]}{colon}{p.words('lesson_goal', name=name.text)}", "")]
        shown: list[Line] = [(f"{heads[1]}{colon}", ""), *[(f"- {d.text}", d.fact) for d in details]]
        questions: list[Line] = [(f"{heads[2]}{colon}", "")]
        for question, answer, fact in asked:
            questions.append(
                (
                    f"- {question} ({answer.rstrip('.。')})"
                    if not p.chinese
                    else f"- {question}（{answer.rstrip('。')}）",
                    fact,
                )
            )
        task: list[Line] = [(f"{heads[4]}{colon}{p.words('lesson_task', name=name.text)}", "")]
        blocks = [[(p.words("lesson_title", name=name.text), name.fact)], goal]
        blocks += [shown] if details else []
        yield _set([*blocks, questions, task], brief.longest)
