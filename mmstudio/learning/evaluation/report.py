"""What an evaluation and a comparison found, as plain data that a window shows and a file keeps."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mmstudio.atomic import write_text
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.library import Library

Figure = float | str
REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Measure:
    """How one figure is read: its English name (show through ``tr``), and which way is better.

    ``better`` is "low", "high", "one" (the nearer to 1, the better) or "" (neither).
    """

    key: str
    label: str
    better: str = ""
    why: str = ""


MEASURES: dict[str, Measure] = {
    m.key: m
    for m in (
        Measure("kernel_distance", mark("Kernel distance"), "low",
                mark("How far what the model draws is from real pictures, all together; 0 is best.")),
        Measure("real_kernel_distance", mark("Kernel distance, real to real"), "",
                mark("The same between two halves of the real pictures: what a perfect model reaches.")),
        Measure("frechet_distance", mark("Fréchet distance"), "low",
                mark("Centre and spread of drawn and real pictures against each other; 0 is best.")),
        Measure("precision", mark("Precision"), "high",
                mark("Share of drawn pictures that look like real ones.")),
        Measure("recall", mark("Recall"), "high", mark("Share of real pictures that the model could draw.")),
        Measure("density", mark("Density"), "high",
                mark("How thick real pictures lie around the drawn ones; 1 is as among themselves.")),
        Measure("coverage", mark("Coverage"), "high",
                mark("Share of real pictures that have a drawn one near them.")),
        Measure("diversity", mark("Diversity"), "one",
                mark("How much drawn pictures differ from each other; 1 is as much as real ones.")),
        Measure("nearest_ratio", mark("Distance to the training pictures"), "one",
                mark("Well below 1 means copying: nearer to training pictures than new real pictures are.")),
        Measure("copies", mark("Too near to a training picture"), "low",
                mark("Share of drawn pictures that are nearly a training picture.")),
        Measure("real_copies", mark("The same of real pictures"), "",
                mark("Real pictures that lie as near to a training picture: what is usual here.")),
        Measure("psnr_db", mark("Drawn again: PSNR (dB)"), "high",
                mark("How well pictures are drawn again from their own numbers; the higher the better.")),
        Measure("ssim", mark("Drawn again: SSIM"), "high",
                mark("How well structures are drawn again; 1 is equal.")),
        Measure("audio_frechet_distance", mark("Played: Fréchet distance (sound-shape)"), "low",
                mark("Centre and spread of played and real sounds in their measured shape; 0 is best.")),
        Measure("audio_kernel_distance", mark("Played: kernel distance (sound-shape)"), "low",
                mark("How far what it plays is from real sounds, all together; 0 is best.")),
        Measure("audio_nearest_ratio", mark("Played: distance to the training sounds"), "one",
                mark("Well below 1 means copying: nearer to training sounds than new real sounds are.")),
        Measure("mel_distance_db", mark("Played again: distance of the tones (dB)"), "low",
                mark("How far apart the loudness of the bands is when sounds are played again.")),
        Measure("stft_distance", mark("Played again: distance of the spectra"), "low",
                mark("The same at several resolutions in time and tone.")),
        Measure("spectral_convergence", mark("Played again: spectral convergence"), "low",
                mark("0 is equal, 1 is as far away as silence.")),
        Measure("seam_db", mark("Loop seam (dB)"), "low",
                mark("The jump where a loop begins again, against a loop cut anywhere.")),
        Measure("clipping", mark("Clipped samples"), "low",
                mark("Share of samples at full scale in what it plays.")),
        Measure("clicks", mark("Clicks in a minute"), "low",
                mark("Samples that stand alone in what it plays, as no attack does.")),
        Measure("elbo", mark("Evidence bound (nats a picture)"), "high",
                mark("How likely the model finds real pictures, at least.")),
        Measure("bits_per_byte", mark("Bits per byte, held-out texts"), "low",
                mark("What texts cost that it did not learn from; a text VAE's is an upper bound.")),
        Measure("train_bits_per_byte", mark("Bits per byte, training texts"), "",
                mark("Far below the held-out texts' means that it knows its texts by heart.")),
        Measure("perplexity", mark("Perplexity, held-out texts"), "low",
                mark("Between how many tokens it wavers; only models of one vocabulary compare.")),
        Measure("distinct_1", mark("Distinct words"), "high", mark("Share of different words in its texts.")),
        Measure("distinct_2", mark("Distinct pairs of words"), "high",
                mark("Share of different pairs of words in its texts.")),
        Measure("distinct_3", mark("Distinct runs of three words"), "high",
                mark("Share of different runs of three words in its texts.")),
        Measure("self_bleu", mark("Texts alike (self-BLEU)"), "low",
                mark("How much each of its texts shares with the others; 0 is nothing.")),
        Measure("copy_rate", mark("Copied runs of words"), "low",
                mark("Share of its runs of five words that stand in the training texts.")),
        Measure("real_copy_rate", mark("The same of real texts"), "",
                mark("Of held-out real texts: what is usual here.")),
        Measure("known_words", mark("Words that are known"), "high",
                mark("Share of its words that the training texts have; what is made up is none of them.")),
        Measure("longest_copied", mark("Longest copied run (words)"), "low",
                mark("So many words in a row stand in a training text.")),
        Measure("token_accuracy", mark("Words written again, told those before"), "high",
                mark("Share of tokens that the decoder finds the likeliest.")),
        Measure("rewritten", mark("Words written again"), "high",
                mark("Share of the words of a sentence that come back from its own numbers.")),
        Measure("kl", mark("Nats in the latent"), "", mark("How much the numbers say about a sentence.")),
        Measure("active_units", mark("Numbers in use"), "high",
                mark("How many of the latent's numbers differ from sentence to sentence.")),
        Measure("coherence", mark("Coherence across media"), "high",
                mark("How often what is made has the class of what was given.")),
        Measure("coherence_ceiling", mark("Coherence, real media"), "",
                mark("What the same classifiers say of real media: as good as it can get.")),
        Measure("coherence_chance", mark("Coherence by chance"), "", mark("One over the number of classes.")),
        Measure("coherence_retrieved", mark("Coherence, looked up"), "",
                mark("The same of the nearest real media, looked up instead of made.")),
        Measure("joint_coherence", mark("Coherence of sets from nothing"), "high",
                mark("How often all parts of a drawn set have the same class.")),
        Measure("real_joint_coherence", mark("The same of real sets"), ""),
        Measure("round_trip_1", mark("Round trip, found first"), "high",
                mark("How often what was given is the nearest of a hundred to what was made from it.")),
        Measure("round_trip_10", mark("Round trip, found in ten"), "high",
                mark("How often what was given is among the ten nearest of a hundred.")),
        Measure("real_round_trip_10", mark("The same with the real partner"), "",
                mark("As good as it can get with this model's shared space.")),
        Measure("chance_round_trip_10", mark("The same by chance"), ""),
        Measure("frechet_image", mark("Fréchet distance, pictures"), "low"),
        Measure("frechet_audio", mark("Fréchet distance, sounds"), "low"),
        Measure("frechet_text", mark("Fréchet distance, texts"), "low"),
        Measure("diversity_image", mark("Diversity, pictures"), "one"),
        Measure("diversity_audio", mark("Diversity, sounds"), "one"),
        Measure("diversity_text", mark("Diversity, texts"), "one"),
        Measure("copies_image", mark("Too near to a training picture, in sets"), "low",
                mark("Share nearer than all but one in twenty real ones: 0.05 is usual.")),
        Measure("copies_audio", mark("Too near to a training sound, in sets"), "low",
                mark("Share nearer than all but one in twenty real ones: 0.05 is usual.")),
        Measure("copies_text", mark("Too near to a training text, in sets"), "low",
                mark("Share nearer than all but one in twenty real ones: 0.05 is usual.")),
    )
}  # fmt: skip


_SPECTROGRAMS: dict[str, str] = {
    "kernel_distance":
        mark("How far its spectrograms are from those of real sounds, all together; 0 is best."),
    "real_kernel_distance":
        mark("The same between two halves of the real sounds: what a perfect model reaches."),
    "frechet_distance": mark("Centre and spread of its and real spectrograms against each other; 0 is best."),
    "precision": mark("Share of its sounds that look like real ones as spectrograms."),
    "recall": mark("Share of real sounds that the model could make."),
    "density": mark("How thick real sounds lie around its own; 1 is as among themselves."),
    "coverage": mark("Share of real sounds that have one of its own near them."),
    "diversity": mark("How much its sounds differ from each other; 1 is as much as real ones."),
    "nearest_ratio": mark("Well below 1 means copying: nearer to training sounds than new real sounds are."),
    "copies": mark("Share of its sounds that are nearly a training sound."),
    "real_copies": mark("Real sounds that lie as near to a training sound: what is usual here."),
    "psnr_db": mark("How well spectrograms are drawn again from their own numbers; the higher the better."),
    "elbo": mark("How likely the model finds real spectrograms, at least."),
}  # fmt: skip


def why_of(key: str, modality: str) -> str:
    """What a figure says, of a model of ``modality``: sounds are compared as spectrograms beside their waves.
    English, to be translated; "" for what needs no words."""
    if modality == "audio" and key in _SPECTROGRAMS:
        return _SPECTROGRAMS[key]
    return MEASURES[key].why if key in MEASURES else ""


@dataclass(frozen=True, slots=True)
class Nearest:
    """One drawn picture and the training picture nearest to it.

    Attributes:
        sample: its number; drawn from the evaluation's seed.
        asset: the training picture's asset id, 0 where it is not known (a model trained elsewhere).
        distance: in the named feature network.
        ratio: ``distance`` over the median distance of a held-out picture to its nearest training picture.
        pixel_distance: root mean square difference of the pixels, 0–255; pixel_ratio: the same as ratio.
        too_near: nearer than nearly every real picture is to another.
        drawn, training: PNG files with the two pictures, "" where none was kept.
    """

    sample: int
    asset: int
    distance: float
    ratio: float
    pixel_distance: float
    pixel_ratio: float
    too_near: bool = False
    drawn: str = ""
    training: str = ""


@dataclass(slots=True)
class Evaluation:
    """Figures of one model.

    Attributes:
        figures: by name; what :data:`MEASURES` describes, and "features" (the network that measured),
            "examples", "held_out", "samples", "nearest_to" ("held-out pictures" or "training pictures").
        notes: sentences for the person, in their language.
        nearest: the drawn pictures nearest to a training picture, the nearest first.
        sheet: a PNG with samples, "" where none was kept.
    """

    model: str
    family: str
    figures: dict[str, Figure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    nearest: list[Nearest] = field(default_factory=list)
    sheet: str = ""
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain data; the result of the job "evaluate"."""
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """Back from :meth:`as_json`."""
        known = {f.name for f in fields(cls)}
        found = cls(**{key: value for key, value in data.items() if key in known})
        found.nearest = [near if isinstance(near, Nearest) else Nearest(**near) for near in found.nearest]
        return found


@dataclass(slots=True)
class Side:
    """One of two compared models: mean and spread (standard deviation over seeds) of each figure."""

    model: str
    mean: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)
    sheet: str = ""


@dataclass(slots=True)
class Comparison:
    """Two models side by side.

    Attributes:
        a, b: the two, each with a sheet drawn from the same seeds.
        better: by figure "a", "b" or "" where the difference is within the spread of the seeds.
        seeds: how many seeds each was drawn with.
        features: the network that measured.
    """

    a: Side
    b: Side
    better: dict[str, str] = field(default_factory=dict)
    seeds: int = 0
    features: str = ""
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain data; the result of the job "compare"."""
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """Back from :meth:`as_json`."""
        return cls(**data | {"a": Side(**data["a"]), "b": Side(**data["b"])})


def folder_of(library: Library, name: str) -> Path:
    """Where the pictures of a model's evaluation are. Not in the model's folder: that may be given away,
    and training pictures are among them."""
    return library.path / "evaluations" / name


def stored(library: Library, name: str) -> Evaluation | None:
    """The last evaluation of a model, None where there is none (or none that can be read)."""
    try:
        data = json.loads((folder_of(library, name) / REPORT).read_text(encoding="utf-8"))
        return Evaluation.of(data)
    except (OSError, ValueError, TypeError):
        return None


def store(library: Library, found: Evaluation) -> None:
    """Keep an evaluation for :func:`stored`."""
    text = json.dumps(found.as_json(), ensure_ascii=False, indent=1)
    write_text(folder_of(library, found.model) / REPORT, text + "\n")
