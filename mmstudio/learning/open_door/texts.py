"""Text models without a library: train, write, measure on a list of strings. docs/open-door.md shows it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import UsageError
from mmstudio.jobs import JobContext, Progress, run_inline
from mmstudio.learning.config import CONFIG, load_config
from mmstudio.learning.families import default_config, family, set_options

if TYPE_CHECKING:
    from mmstudio.learning.texts.model import TextModel


def train(
    family_name: str,
    texts: Sequence[str],
    folder: str | Path,
    *,
    steps: int | None = None,
    batch: int | None = None,
    seed: int = 0,
    device: str = "auto",
    held: Sequence[str] = (),
    options: Mapping[str, float] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> TextModel:
    """Train a text family into ``folder``; the same call goes on where an earlier one stopped.

    Args:
        family_name: "text-lm" or "text-vae".
        texts: what to learn from, as it is (nothing is cleaned or cut; white space alone is left out).
        folder: becomes a model folder (config.json, tokenizer.json, weights, …) that "models add" takes.
        steps, batch, options: as in :class:`mmstudio.learning.training.Wish`; None is the family's default.
        held: texts that no step learns from: the best weights are kept and the training ends by them.

    Raises:
        UsageError: another family, no strings, an unknown option. StudioError: see ``Trainer.run``.
    """
    from mmstudio.learning.engine.device import pick_device
    from mmstudio.learning.engine.registry import build_task
    from mmstudio.learning.engine.text_loading import load_text_model
    from mmstudio.learning.engine.trainer import Trainer
    from mmstudio.learning.texts.source import judge, prepared

    if family(family_name).modality != "text":
        raise UsageError("Only families of texts learn from a list of texts.")
    folder, where = Path(folder), pick_device(device)
    seen, kept = _texts(texts), _texts(held) if held else []
    if (folder / CONFIG).is_file():
        config = load_config(folder)
        config.steps = max(config.steps, steps or 0)
    else:
        config = default_config(family_name, folder.name, steps=steps, batch=batch, seed=seed)
        set_options(config, options or {})
    folder.mkdir(parents=True, exist_ok=True)
    data = run_inline(lambda _context: prepared(folder, config, seen, kept))
    config.trained |= {"examples": len(seen)}
    config.save(folder)
    trainer = Trainer(
        folder,
        config,
        build_task(config, where),
        data,
        judge=judge(config, data, where.type),
        resume=True,
    )
    run_inline(trainer.run, on_progress=on_progress)
    config.trained |= {"steps": trainer.step, "seen": trainer.seen, "device": where.type}
    config.save(folder)
    return load_text_model(folder, where)


def sample(model: TextModel, count: int, seed: int = 0, **wishes: Any) -> list[str]:
    """``count`` texts; ``wishes`` as in :meth:`TextModel.sample` (temperature, top_p, prompt, …)."""
    return list(model.sample(count, seed, **wishes))


def measure(
    model: TextModel, seen: Sequence[str], held: Sequence[str] = (), *, samples: int = 64, seed: int = 0
) -> dict[str, float | str]:
    """The figures of ``mmstudio evaluate``; see :func:`..evaluation.texts.measuring_texts`."""
    from mmstudio.learning.evaluation.texts import MeasuredTexts, measuring_texts

    def work(_context: JobContext) -> Generator[Progress, None, MeasuredTexts]:
        return (yield from measuring_texts(model, _texts(seen), list(held), samples, seed))

    found: MeasuredTexts = run_inline(work)
    return found.figures


def measure_texts(
    texts: Sequence[str], seen: Sequence[str], held: Sequence[str] = ()
) -> dict[str, float | str]:
    """What only the texts decide, for another package's: distinct-1 to 3, self-BLEU, copy rate from ``seen``,
    each with the same of ``held`` (else ``seen``) under "real_"; as many words of both."""
    from mmstudio.learning.evaluation.texts import figures_of
    from mmstudio.learning.texts.copying import index_of

    return dict(figures_of(_texts(texts), _texts(held or seen), index_of(_texts(seen))))


def _texts(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise UsageError("Texts are a list of strings.", hint="For example [“One text.”, “Another one.”].")
    found = [text for text in texts if text.strip()]
    if not found:
        raise UsageError("There is no text among them.", hint="Give at least one text with a word.")
    return found
