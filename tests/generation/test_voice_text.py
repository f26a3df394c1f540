"""What is spoken: text made harmless, cut into sentences, timed, captioned."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmstudio.errors import UsageError
from mmstudio.generation.voice import Word
from mmstudio.generation.voice.cleaning import LONGEST, clean, language_of, pieces
from mmstudio.generation.voice.cues import cues, line, to_vtt
from mmstudio.generation.voice.finish import joined, levelled, pitched, trimmed
from mmstudio.generation.voice.timing import estimate, tokens

RATE = 22050


def tone(seconds: float, hertz: float = 200.0, level: float = 0.3) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ('<speak><prosody rate="fast">Hello</prosody> you</speak>', "Hello you"),
        ("a\x00b\x1b[31m c\u202e d", "ab[31m c d"),
        ("phonemes [[h@'loU]] here", "phonemes [ [h@'loU] ] here"),
        ("so [[[[deep]]]]", "so [ [ [ [deep] ] ] ]"),
        ("Nice 😀 bag ❤️!", "Nice bag !"),
        ("3 < 5", "3 less than 5"),
        ("one\r\n\r\n\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("<!-- hidden --> shown", "shown"),
        ("café  \u3000 now", "café now"),
    ],
)
def test_nothing_in_a_text_steers_the_program(dirty: str, plain: str) -> None:
    assert clean(dirty) == plain


def test_signs_are_read_in_the_language_of_the_text() -> None:
    assert clean("价格<100元", "zh") == "价格小于100元"


@pytest.mark.parametrize("nothing", ["", "  \n ", "😀😀", "…!?", "\x07\x00", "<br/>"])
def test_nothing_to_say_is_said(nothing: str) -> None:
    with pytest.raises(UsageError, match="nothing to say"):
        clean(nothing)


def test_a_megabyte_is_refused_with_the_limit() -> None:
    with pytest.raises(UsageError, match="can be spoken at once") as refusal:
        clean("word " * 200_000)
    assert "1,000,000" in refusal.value.message
    assert f"{LONGEST:,}" in refusal.value.message


@given(st.text(max_size=300))
def test_what_is_left_is_speakable(text: str) -> None:
    try:
        cleaned = clean(text)
    except UsageError:
        return
    assert "[[" not in cleaned
    assert "<" not in cleaned
    assert all(c == "\n" or c.isprintable() for c in cleaned)
    assert clean(cleaned) == cleaned


def test_the_language_is_told_from_the_letters() -> None:
    assert language_of("A plain English sentence.") == "en"
    assert language_of("这是一个MM Studio的测试") == "zh"
    assert language_of("The brand 小米 makes phones and a lot of other things") == "en"


def test_sentences_are_pieces_and_keep_every_word() -> None:
    text = "It costs 3.50 dollars. Dr. Smith likes it! 真的很好。我喜欢。\nA new paragraph"
    found = pieces(text, pause=0.3)
    assert [p.text for p in found] == [
        "It costs 3.50 dollars.",
        "Dr. Smith likes it!",
        "真的很好。",
        "我喜欢。",
        "A new paragraph",
    ]
    assert [p.pause for p in found] == [0.3, 0.3, 0.3, 0.6, 0.6]
    assert [p.text for p in pieces(text, together=True)] == [
        "It costs 3.50 dollars. Dr. Smith likes it! 真的很好。 我喜欢。",
        "A new paragraph",
    ]


@given(st.text(alphabet="ab ,.。一二\n", max_size=400))
def test_long_lines_are_cut_without_losing_letters(text: str) -> None:
    found = pieces(clean("x" + text), longest=40)
    assert all(0 < len(p.text) <= 40 for p in found)
    assert "".join(c for p in found for c in p.text if c.isalnum()) == "x" + "".join(
        c for c in text if c.isalnum()
    )


def test_silence_goes_and_nothing_clicks() -> None:
    quiet = np.zeros(RATE, np.float32)
    part, gone = trimmed(np.concatenate([quiet, tone(0.5), quiet]), RATE)
    assert gone == pytest.approx(0.98, abs=0.005)
    assert len(part) / RATE == pytest.approx(0.54, abs=0.005)
    assert abs(part[0]) < 1e-4
    assert abs(part[-1]) < 1e-4
    assert len(trimmed(quiet, RATE)[0]) == 0
    assert len(trimmed(np.zeros(0, np.float32), RATE)[0]) == 0


def test_parts_are_joined_with_their_pauses() -> None:
    whole, starts = joined([tone(0.2), tone(0.3)], [0.25, 9.0], RATE)
    assert len(whole) / RATE == pytest.approx(0.75, abs=1e-3)
    assert starts == [0.0, pytest.approx(0.45, abs=1e-3)]


@pytest.mark.parametrize("level", [0.001, 0.05, 0.9])
def test_the_level_is_that_of_speech_and_never_clips(level: float) -> None:
    from mmstudio.features.sounds.loudness import integrated

    loud = levelled(tone(2.0, 800.0, level), RATE)
    assert integrated([loud[None]], RATE) == pytest.approx(-16.0, abs=0.3)
    assert np.abs(loud).max() <= 0.891
    spike = tone(2.0, 800.0, 0.01)
    spike[1000] = 1.0
    assert np.abs(levelled(spike, RATE)).max() <= 0.891
    assert not levelled(np.zeros(RATE, np.float32), RATE).any()


def test_a_higher_pitch_is_higher_and_shorter() -> None:
    higher = pitched(tone(1.0, 200.0), RATE, 1.5)
    assert len(higher) / RATE == pytest.approx(1 / 1.5, abs=0.01)
    spectrum = np.abs(np.fft.rfft(higher))
    assert np.argmax(spectrum) * RATE / len(higher) == pytest.approx(300.0, abs=5)


def test_words_keep_their_marks_and_chinese_goes_by_characters() -> None:
    assert tokens('He said: "Yes" - twice!') == ["He", "said:", '"Yes" -', "twice!"]
    assert tokens("价格是24元。") == ["价", "格", "是", "24", "元。"]


def test_words_fall_on_the_pauses_that_are_there() -> None:
    gap = np.zeros(int(0.3 * RATE), np.float32)
    spoken = np.concatenate([tone(1.0), gap, tone(0.4), gap, tone(1.2)])
    words = estimate("extraordinary possibilities, yes, unbelievable revelations", spoken, RATE)
    assert [w.text for w in words][1:3] == ["possibilities,", "yes,"]
    assert words[1].end == pytest.approx(1.0, abs=0.05)
    assert words[2].start == pytest.approx(1.3, abs=0.05)
    assert words[2].end == pytest.approx(1.7, abs=0.05)
    assert words[3].start == pytest.approx(2.0, abs=0.05)
    assert words[-1].end == pytest.approx(len(spoken) / RATE, abs=0.01)


@given(
    st.text(alphabet="abz ,.你好0!", min_size=1, max_size=60),
    st.lists(st.booleans(), min_size=1, max_size=12),
)
def test_times_are_in_order_whatever_is_spoken(text: str, loud: list[bool]) -> None:
    spoken = np.concatenate([tone(0.1) if on else np.zeros(RATE // 10, np.float32) for on in loud])
    words = estimate(text, spoken, RATE, start=2.0)
    times = [t for w in words for t in (w.start, w.end)]
    assert times == sorted(times)
    assert all(t >= 2.0 for t in times)
    assert [w.text for w in words] == tokens(text)


def test_captions_end_with_sentences_and_stay_readable() -> None:
    text = "One two three. " + "word " * 30 + "end."
    words = [Word(w, i * 0.3, i * 0.3 + 0.28) for i, w in enumerate(text.split())]
    found = cues(words)
    assert found[0].text == "One two three."
    assert all(len(c.text) <= 42 for c in found)
    assert " ".join(c.text for c in found) == text
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


def test_a_long_pause_ends_a_caption() -> None:
    found = cues([Word("so", 0.0, 0.3), Word("then", 2.0, 2.4)])
    assert [c.text for c in found] == ["so", "then"]


def test_chinese_captions_have_no_spaces_between_characters() -> None:
    assert line([Word(c, 0, 0) for c in ("价", "格", "MM", "Studio", "好。")]) == "价格MM Studio好。"


def test_captions_are_web_vtt_without_markup() -> None:
    found = to_vtt(cues([Word("<b>&", 0.0, 3661.5)]))
    assert found == "WEBVTT\n\n00:00:00.000 --> 01:01:01.500\n&lt;b&gt;&amp;\n"
