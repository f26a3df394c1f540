"""The families of texts. Knows no torch."""

from __future__ import annotations

from mmstudio.errors import UsageError
from mmstudio.i18n import mark
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.families.info import FamilyInfo, Wanted

_SOURCE = "mmstudio.learning.texts.source"
_LOADER = "mmstudio.learning.engine.text_loading:load_text_model"

_LM_OPTIONS = {
    "width": 128.0,
    "layers": 4.0,
    "heads": 4.0,
    "context": 128.0,  # tokens
    "vocabulary": 2048.0,  # tokens at most; fewer where the texts are few
    "dropout": 0.2,
    "n_gram": 5.0,  # tokens of the longest counted phrases that the network is mixed with; 0 for none
    "patience": 4.0,  # judgements without progress before the training ends
    "half_life": 500.0,
}
_VAE_OPTIONS = {
    "width": 128.0,
    "layers": 4.0,  # of the decoder
    "heads": 4.0,
    "length": 48.0,  # tokens of a sentence at most
    "vocabulary": 1024.0,
    "denoise": 0.1,  # share of the words that the encoder does not hear
    "word_dropout": 0.15,  # share of the words before that the decoder does not hear
    "dropout": 0.1,
    "n_gram": 5.0,  # tokens of the longest counted phrases that it writes with; 0 for none
    "free_bits": 4.0,  # nats, of all numbers of the latent together
    "beta": 0.15,
    "cycles": 1.0,
    "patience": 6.0,
    "half_life": 1000.0,
}
_RANGES = {
    "width": (16.0, 1024.0),
    "layers": (1.0, 24.0),
    "heads": (1.0, 16.0),
    "context": (8.0, 1024.0),
    "n_gram": (0.0, 5.0),
    "length": (4.0, 256.0),
    "vocabulary": (258.0, 16384.0),
    "dropout": (0.0, 0.9),
    "word_dropout": (0.0, 0.9),
    "denoise": (0.0, 0.9),
    "patience": (1.0, 1000.0),
    "cycles": (1.0, 20.0),
}


def _configure(info: FamilyInfo, wanted: Wanted) -> ModelConfig:
    """``widths`` are the layers'; a text has no size."""
    config = info.config(wanted, size=0, channels=0, widths=[])
    _settle(config)
    return config


def _settle(config: ModelConfig) -> None:
    options = config.options
    whole = ("width", "layers", "heads", "context", "length", "vocabulary", "n_gram", "cycles", "patience")
    for key in whole:
        if key in options:
            options[key] = float(int(options[key]))
    config.widths = [int(options["width"])] * int(options.get("layers", 1))
    if "heads" in options:
        if config.family == "text-lm":
            config.latent = int(options["width"])  # it has none
        if options["width"] % (2 * options["heads"]):
            raise UsageError(
                "“{name}” must be a multiple of twice “{other}”.",
                hint="For example 128 and 4, or 384 and 6.",
                name="width",
                other="heads",
            )
    if config.condition:
        raise UsageError(
            "A model of texts takes no tags, colours or vector to write by.",
            hint="Leave them out; a prompt says what to write about.",
        )


FAMILIES = (
    FamilyInfo(
        "text-lm",
        mark("Text writer"),
        mark(
            "Learns to go on with a text word by word, in the manner of your own texts. "
            "Give it a beginning; it shows how much of what it writes stands in your texts already."
        ),
        "text",
        {"latent": 128, "steps": 1000, "batch": 6, "rate": 3e-3, "options": _LM_OPTIONS},
        _configure,
        _SOURCE,
        "mmstudio.learning.engine.text_task:TextLmTask",
        _LOADER,
        bases=("text-lm",),
        ranges=_RANGES,
        settle=_settle,
        network=("width", "layers", "heads", "vocabulary"),
    ),
    FamilyInfo(
        "text-vae",
        mark("Text VAE"),
        mark(
            "Learns to describe each sentence by a short list of numbers and to write it again. "
            "Good for variations of a sentence and for in-betweens of two; short sentences only."
        ),
        "text",
        {"latent": 64, "steps": 2000, "batch": 32, "rate": 2e-3, "options": _VAE_OPTIONS},
        _configure,
        _SOURCE,
        "mmstudio.learning.engine.text_vae_task:TextVaeTask",
        _LOADER,
        bases=("text-vae",),
        ranges=_RANGES,
        settle=_settle,
        network=("width", "layers", "heads", "vocabulary"),
    ),
)
