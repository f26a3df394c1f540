"""The model card: what a model is and what it saw, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmstudio.atomic import write_text
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families import family
from mmstudio.learning.texts.bpe import TOKENIZER
from mmstudio.learning.texts.ngram import MOST_ORDER, NGRAM


def write_card(folder: Path, config: ModelConfig) -> None:
    """Write ``card.md`` from the config."""
    trained = config.trained
    chosen = f"search “{config.query}”" if config.query else "all imported media of the kind"
    facts = {
        "Family": f"{family(config.family).label} (`{config.family}`){_size(config)}",
        "Trained": f"{trained.get('steps', 0)} steps, {trained.get('seen', 0)} examples seen",
        "Time": f"{trained.get('seconds', 0):.0f} s on {trained.get('device', 'cpu')}, seed {config.seed}",
        "Data": f"{trained.get('examples', 0)} examples of {len(trained.get('assets', []))} assets, {chosen}",
        "Held out": f"{len(trained.get('held_assets', []))} assets that no step learned from",
        "Augmented copies": _augmented(config),
        "Left out for their rights": trained.get("left_out_rights", 0),
        "Left out by choice": trained.get("left_out_wished", 0),
        "Left out as unreadable": trained.get("left_out_unreadable", 0),
        "Started from": config.base or "nothing",
    }
    if texts := trained.get("texts_from"):
        facts["Texts"] = ", ".join(f"{count} × {origin}" for origin, count in texts.items())
        spoken = (f"{code or 'unknown'} {count}" for code, count in trained.get("languages", {}).items())
        facts["Languages (characters)"] = ", ".join(spoken)
    if (folder / NGRAM).is_file():
        facts["Holds its texts"] = (
            f"phrases of up to {MOST_ORDER} pieces of the texts it learned from, in {NGRAM}, and their words "
            f"in {TOKENIZER}: whoever has this folder can read them: pass it on only as you would the texts"
        )
    if voice := trained.get("voice"):
        facts["Plays by"] = _voice(voice)
    if gone := trained.get("forgotten"):
        numbers = ", ".join(map(str, gone))
        facts["Forgotten since"] = f"{len(gone)} assets that it saw ({numbers}): train it again without them"
    if not config.augment:
        del facts["Augmented copies"]
    lines = [f"# {config.name}", "", *(f"- {name}: {value}" for name, value in facts.items())]
    metrics = trained.get("metrics", {})
    if metrics:
        lines += ["", "## Measured", ""]
        lines += [f"- {name}: {value}" for name, value in metrics.items()]
    write_text(folder / "card.md", "\n".join(lines) + "\n")


def _size(config: ModelConfig) -> str:
    if config.size:
        return f", {config.size} × {config.size}"
    tokens = config.trained.get("vocabulary")
    return f", vocabulary of {tokens} tokens" if tokens else f", {config.latent} numbers"


def _voice(voice: dict[str, Any]) -> str:
    own = (
        "the vocoder it learned"
        if voice["plays"] == "vocoder"
        else "phases locked to peaks (nothing learned)"
    )
    said = f"{own}, {voice['rounds']} rounds of Griffin-Lim"
    if "formula" not in voice:
        return f"{said}; chosen once the training has ended"
    return (
        f"{said}; multi-resolution STFT distance of held-out sounds {voice['formula']} by phases locked to "
        f"peaks, {voice['vocoder']} by the vocoder, which plays where it is 2 % nearer"
    )


def _augmented(config: ModelConfig) -> str:
    recipe, count = config.augment, config.trained.get("augmented", 0)
    name, seed = recipe.get("name", ""), recipe.get("seed", 0)
    return f"{count}, recipe “{name}”, seed {seed} (config.json has all of it)"
