"""Writing: same seed same text, whole characters, stop words, temperature, variations, in-betweens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmstudio.errors import UsageError
from mmstudio.learning.engine.text_sampling import until, writing
from mmstudio.learning.texts.bpe import FIRST_BYTE, learn_bpe
from mmstudio.learning.texts.model import TextModel
from support.texts import made_texts, tiny_text_model


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    return tiny_text_model(tmp_path_factory.mktemp("writer"), "text-lm", steps=30, rate=1e-2)


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    return tiny_text_model(tmp_path_factory.mktemp("vae"), "text-vae", steps=30, rate=1e-2)


def test_a_seed_gives_the_same_texts_however_many_are_asked_for(writer: TextModel, vae: TextModel) -> None:
    for model in (writer, vae):
        five = list(model.sample(5, 7, longest=30))
        assert five == list(model.sample(5, 7, longest=30))
        assert five[:2] == list(model.sample(2, 7, longest=30))
        assert five != list(model.sample(5, 8, longest=30))
        assert len(set(five)) > 1


def test_a_prompt_begins_every_text_and_may_be_longer_than_the_context(writer: TextModel) -> None:
    for prompt in ("The red", "这个", "word " * 60):
        texts = list(writer.sample(2, 1, prompt=prompt, longest=10))
        assert all(text.startswith(prompt) for text in texts)


def test_a_stream_joined_is_what_sample_gives(writer: TextModel) -> None:
    pieces = list(writer.continue_tokens("The", 3, longest=40))
    assert len(pieces) > 3
    assert "The" + "".join(pieces).rstrip() == next(writer.sample(1, 3, prompt="The", longest=40))


def test_temperature_0_has_no_chance(writer: TextModel) -> None:
    texts = {next(writer.sample(1, seed, temperature=0.0, longest=20)) for seed in range(3)}
    assert len(texts) == 1


def test_a_text_ends_before_a_stop_word(writer: TextModel) -> None:
    whole = next(writer.sample(1, 5, longest=60))
    at = whole.find("e")
    assert at > 0
    assert next(writer.sample(1, 5, longest=60, stop=("e", "zzz"))) == whole[:at].rstrip()


def test_the_beginning_of_a_stop_word_is_held_back_until_it_is_known() -> None:
    assert list(until(iter(["ab", "c", "d", "ef"]), ["cd!"])) == ["ab", "cdef"]
    assert list(until(iter(["ab", "c", "d", "ef"]), ["cde"])) == ["ab"]
    assert "".join(until(iter("xaab"), ["aab"])) == "x"
    assert "".join(until(iter("xaaab"), ["aab"])) == "xa"
    assert "".join(until(iter("hello"), ["zz", ""])) == "hello"


def test_characters_are_never_cut_whatever_the_network_says() -> None:
    bpe = learn_bpe(["你好世界😀" * 3], 270)
    chance = torch.Generator().manual_seed(0)

    def noise(_new: list[int]) -> torch.Tensor:
        logits = torch.randn(len(bpe), generator=chance)
        logits[0] = -9.0  # it never wants to end
        logits[FIRST_BYTE + 0xE0 : FIRST_BYTE + 0xF5] += 2.0  # it loves to begin long characters
        return logits

    for longest in range(1, 30):
        random = torch.Generator().manual_seed(longest)
        data = b"".join(writing(noise, bpe, [0], random, temperature=1.0, top_p=1.0, longest=longest))
        text = data.decode("utf-8")  # raises where it is no UTF-8
        assert text
        assert not any(c < " " and c not in "\n\t" for c in text)


def test_a_smaller_top_p_says_likelier_things(writer: TextModel) -> None:
    bold = list(writer.sample(12, 0, temperature=1.5, top_p=1.0, longest=30))
    calm = list(writer.sample(12, 0, temperature=1.5, top_p=0.3, longest=30))
    assert writer.bits_per_byte(calm) < writer.bits_per_byte(bold)


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": -0.1}, {"temperature": 2.1}, {"top_p": 0.0}, {"top_p": 1.1}, {"longest": 0}],
)
def test_numbers_out_of_range_are_refused(writer: TextModel, wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        list(writer.sample(1, 0, **wrong))  # type: ignore[arg-type]


def test_each_family_says_what_it_cannot_do(writer: TextModel, vae: TextModel) -> None:
    with pytest.raises(UsageError, match="takes no beginning"):
        list(vae.sample(1, 0, prompt="The"))
    with pytest.raises(UsageError, match="takes no beginning"):
        list(vae.continue_tokens("The", 0))
    for call in (
        lambda: writer.vary("a", 1, 0),
        lambda: writer.between("a", "b"),
        lambda: writer.encode(["a"]),
    ):
        with pytest.raises(UsageError, match="text writer"):
            call()
    with pytest.raises(UsageError, match="no text to start from"):
        vae.vary("  ", 1, 0)
    with pytest.raises(UsageError, match="at least two steps"):
        vae.between("a", "b", 1)
    with pytest.raises(UsageError, match="spread"):
        vae.vary("a", 1, 0, 3.0)


def test_variations_begin_near_and_in_betweens_end_at_both_texts(vae: TextModel) -> None:
    a, b = "The red bag is good at home.", "这个红色的杯子很好。"
    z = vae.encode([a, b])
    assert z.shape == (2, 8)
    assert torch.equal(z[:1], vae.encode([a]))
    steps = vae.latents_between(a, b, 5)
    assert torch.allclose(steps[0], z[0])
    assert torch.allclose(steps[-1], z[1])
    assert vae.between(a, b, 3) == vae.between(a, b, 3)
    assert vae.between(a, b, 2) == [a, b]
    around = vae.latents_around(a, 4, 1, 1.0)
    apart = (around - z[:1]).norm(dim=1)
    assert apart[0] < apart[-1]
    assert torch.equal(vae.latents_around(a, 1, 1, 0.0), z[:1])
    assert vae.vary(a, 2, 1) == vae.vary(a, 2, 1)


def test_empty_texts_have_no_bits_and_no_copies(writer: TextModel) -> None:
    assert writer.bits_per_byte([]) != writer.bits_per_byte([])  # NaN
    assert writer.bits_per_byte([""]) != writer.bits_per_byte([""])
    assert writer.copied("").rate == 0.0


def test_training_texts_are_known_to_the_index(writer: TextModel) -> None:
    text = made_texts(60)[1]
    assert writer.copied(text).rate == 1.0


def test_models_come_from_their_folder_alone(tmp_path: Path) -> None:
    import shutil

    from mmstudio.learning.engine.text_loading import load_text_model
    from support.texts import CPU

    model = tiny_text_model(tmp_path / "one", "text-vae")
    kept = shutil.ignore_patterns("state-*", "*.npy", "tb")
    shutil.copytree(tmp_path / "one", tmp_path / "two", ignore=kept)
    again = load_text_model(tmp_path / "two", CPU)
    assert list(again.sample(2, 1)) == list(model.sample(2, 1))
    assert again.fingerprint == model.fingerprint
