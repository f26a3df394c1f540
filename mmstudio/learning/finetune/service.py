"""The job that fine-tunes a picture network and keeps the result only where it helped."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from mmstudio.atomic import write_text
from mmstudio.errors import ReadOnly, UsageError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.learning.catalogue import Catalogue
from mmstudio.learning.catalogue.backbone import ARCHITECTURES, spec_of
from mmstudio.learning.catalogue.entries import is_name
from mmstudio.learning.catalogue.folders import staged, write_record
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.finetune.data import Labelled, On, gather, load

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mmstudio.features.pictures.spec import BackboneSpec
    from mmstudio.library import Library

STARTER = "starter-backbone"
STEPS, BATCH, RATE, STAGES, HALF_LIFE = 150, 32, 1e-3, 1, 200.0
_SETTINGS = "settings.json"
# Steps of 32 pictures a second. The starter's was measured on one thread of a busy processor; the others
# follow from it by their forward passes, measured beside its. Only the estimate beforehand rests on them.
STEPS_PER_SECOND = {
    "starter-resnet": 1.7, "mobilenet_v3_small": 0.75, "mobilenet_v3_large": 0.26, "efficientnet_b0": 0.2,
    "resnet18": 0.11, "convnext_tiny": 0.045, "resnet50": 0.043,
}  # fmt: skip


def estimate(architecture: str, steps: int = STEPS) -> float:
    """Seconds that a fine-tuning takes on two processor cores, roughly."""
    return steps / STEPS_PER_SECOND.get(architecture, 0.05)


class FineTuning:
    """Fine-tuning of picture networks on one library."""

    def __init__(self, library: Library, device: str = "auto", catalogue: Catalogue | None = None) -> None:
        self.library, self.device = library, device
        self.catalogue = catalogue if catalogue is not None else Catalogue()

    def work(
        self,
        base: str = STARTER,
        on: str = "categories",
        steps: int = STEPS,
        name: str = "",
        *,
        query: str = "",
        seed: int = 0,
        stages: int = STAGES,
        batch: int = BATCH,
        keep_anyway: bool = False,
    ) -> Work:
        """A job that fine-tunes ``base`` and installs the result as a picture network of the user.

        Args:
            base: an installed picture network, or the starter.
            on: "categories" (of items), "tags", or "self" (no labels; two views of each picture).
            name: of the new network; ``BASE-tuned`` where empty.
            query: the search that chooses the pictures; all imported ones where empty.
            stages: how many of the last stages of the network learn.
            keep_anyway: install the result also where the held-out pictures say it is no better.

        It yields Progress in steps with losses, and returns {"name", "kept", "before", "after", "chance",
        "measure", "held_out", "learned_from", "classes", "steps", "notes", "path", "seconds"}. The same job
        started again after a stop goes on exactly where it was.

        Raises (inside the job):
            UsageError: unknown base, kind of labels or a name that is taken. StudioError: too few pictures
            or labels, losses that stay not-a-number, not enough memory. ReadOnly.
        """
        if on not in get_args(On):
            raise UsageError(
                "One cannot learn on “{on}”.",
                hint="Choose one of: {known}.",
                on=on,
                known=", ".join(get_args(On)),
            )
        if steps < 1 or stages < 1 or batch < 2:
            raise UsageError("Steps and stages must be at least 1, and a batch at least 2.")
        called = name or f"{base.removeprefix('starter-')}-tuned"
        settings: dict[str, Any] = {
            "base": base, "on": on, "steps": steps, "name": called, "query": query, "seed": seed,
            "stages": stages, "batch": batch,
        }  # fmt: skip

        def work(context: JobContext) -> Generator[Progress, None, dict[str, Any] | None]:
            if self.library.read_only:
                raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
            if not is_name(called):
                raise UsageError(
                    "“{name}” cannot be a model's name.", hint="Use letters and digits.", name=called
                )
            if self.catalogue.has(called) or called in self.catalogue.entries():
                raise UsageError(
                    "There is already a model “{name}”.", hint="Choose another name.", name=called
                )
            return (yield from self._run(context, settings, keep_anyway))

        return work

    def _run(
        self, context: JobContext, settings: dict[str, Any], keep_anyway: bool
    ) -> Generator[Progress, None, dict[str, Any] | None]:
        from mmstudio.features.pictures.backbones import build_net
        from mmstudio.learning.engine.device import pick_device
        from mmstudio.learning.engine.finetune_task import FineTuneTask, Indices
        from mmstudio.learning.engine.trainer import Trainer

        yield Progress(0, settings["steps"], tr("Preparing"))
        source = self.catalogue.folder(settings["base"])
        spec = spec_of(source)
        if spec.family == "transformers":
            raise UsageError(
                "“{name}” cannot be fine-tuned here.",
                hint="Choose the starter, or one of: {known}.",
                name=settings["base"],
                known=", ".join(ARCHITECTURES),
            )
        settings = {**settings, "fingerprint": spec.fingerprint()}
        folder = self._folder(settings)
        context.save_checkpoint({"model": settings["name"]})
        data = load(folder)
        if data is None:
            data = yield from gather(
                self.library, cast("On", settings["on"]), spec, settings["query"], settings["seed"]
            )
            data.save(folder)
        device = pick_device(self.device)
        net = build_net(spec).to(device)
        context.raise_if_cancelled()
        yield Progress(0, settings["steps"], tr("Measuring the network as it is"))
        before = self._before(folder, net, spec, data, settings, device)
        config = ModelConfig(
            family="finetune", name=settings["name"], size=spec.size, channels=3, widths=[], latent=0,
            steps=settings["steps"], batch=min(settings["batch"], len(data.learned())), rate=RATE,
            seed=settings["seed"], options={"half_life": HALF_LIFE, "head_rate": 3.0}, base=settings["base"],
            query=settings["query"],
        )  # fmt: skip
        rows = data.learned()
        supervised = settings["on"] != "self"
        task = FineTuneTask(
            config, device, net, data.pixels[rows],
            data.matrix()[rows] if supervised else None, single=all(len(row) == 1 for row in data.labels),
            mean=spec.mean, std=spec.std, stages=settings["stages"],
        )  # fmt: skip
        trainer = Trainer(
            folder, config, task, Indices(task.pixels, settings["seed"]), checkpoint_every=50, resume=True
        )
        notes = data.notes()
        trainer.notice = trainer.notice or " · ".join(notes)
        began = context.clock()
        result = yield from trainer.run(context)
        if result["status"] != "done":
            return None
        yield Progress(settings["steps"], settings["steps"], tr("Measuring on pictures that were held out"))
        after = _score(task.average.net, spec, data, settings, device)
        better = after > before if math.isfinite(after) and math.isfinite(before) else False
        facts = {
            "name": settings["name"], "base": settings["base"], "on": settings["on"],
            "measure": _measure(data, settings), "before": before, "after": after,
            "chance": _chance(data, settings), "held_out": int(data.held.sum()),
            "learned_from": len(rows), "classes": len(data.names()), "steps": trainer.step,
            "seconds": round(context.clock() - began, 1), "notes": notes, "kept": better or keep_anyway,
            "path": "",
        }  # fmt: skip
        if facts["kept"]:
            facts["path"] = str(self._install(folder, source, spec, task.average.net, facts, data))
        else:
            facts["notes"] = [
                *notes,
                tr("The held-out pictures are found no better than before, so nothing was kept."),
            ]
        shutil.rmtree(folder, ignore_errors=True)
        return facts

    def _folder(self, settings: dict[str, Any]) -> Path:
        """Where the training lives until it is done; one of other settings starts over."""
        folder = self.library.models_dir / ".finetune" / str(settings["name"])
        try:
            same = json.loads((folder / _SETTINGS).read_text(encoding="utf-8")) == settings
        except (OSError, ValueError):
            same = False
        if not same:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            write_text(folder / _SETTINGS, json.dumps(settings))
        return folder

    def _before(
        self,
        folder: Path,
        net: nn.Module,
        spec: BackboneSpec,
        data: Labelled,
        settings: dict[str, Any],
        device: torch.device,
    ) -> float:
        kept = folder / "before.json"
        try:
            return float(json.loads(kept.read_text(encoding="utf-8"))["before"])
        except (OSError, ValueError, KeyError, TypeError):
            before = _score(net, spec, data, settings, device)
            write_text(kept, json.dumps({"before": before}))
            return before

    def _install(
        self,
        folder: Path,
        source: Path,
        spec: BackboneSpec,
        net: nn.Module,
        facts: dict[str, Any],
        data: Labelled,
    ) -> Path:
        from mmstudio.learning.catalogue.weights import write_weights

        root = self.catalogue.root
        root.mkdir(parents=True, exist_ok=True)
        label = tr("{base}, fine-tuned on {library}", base=tr(spec.label), library=self.library.path.stem)
        with staged(root, facts["name"]) as new:
            config: dict[str, Any] = {}
            if (source / "config.json").is_file():
                config = json.loads((source / "config.json").read_text(encoding="utf-8"))
            config = {k: v for k, v in config.items() if k not in ("preferred", "training", "source")}
            config |= {
                "format": 1, "kind": "image-backbone", "architecture": spec.architecture, "size": spec.size,
                "mean": list(spec.mean), "std": list(spec.std), "dimension": spec.dimension,
                "resize": round(spec.size / spec.margin), "whole": spec.whole,
                "licence": spec.licence, "label": label, "base": facts["base"],
                "training": {k: facts[k] for k in ("on", "steps", "before", "after", "chance", "measure")},
            }  # fmt: skip
            write_text(new / "config.json", json.dumps(config, indent=2, ensure_ascii=False) + "\n")
            write_weights(new / "weights.safetensors", net.state_dict())
            write_text(new / "card.md", _card(facts, spec, label, data))
            if (folder / "metrics.jsonl").is_file():
                shutil.copyfile(folder / "metrics.jsonl", new / "metrics.jsonl")
            spec_of(new)  # the features room can read it
            write_record(new, {"from": f"fine-tuned from {facts['base']}"})
        return root / str(facts["name"])


def _score(
    net: nn.Module, spec: BackboneSpec, data: Labelled, settings: dict[str, Any], device: torch.device
) -> float:
    from mmstudio.learning.engine.finetune_task import embed, views_of
    from mmstudio.learning.finetune.measure import label_accuracy, view_recall

    if _measure(data, settings) == "labels":
        return label_accuracy(embed(net, data.pixels, spec.mean, spec.std, device), data)
    held = data.pixels[data.held]
    plain = embed(net, held, spec.mean, spec.std, device)
    return view_recall(plain, embed(net, views_of(held, settings["seed"]), spec.mean, spec.std, device))


def _measure(data: Labelled, settings: dict[str, Any]) -> str:
    """ "labels": nearest neighbours name the label; "views": a changed picture finds itself."""
    if settings["on"] != "self":
        return "labels"
    return "labels" if all(data.labels) and len(data.names()) > 1 else "views"


def _chance(data: Labelled, settings: dict[str, Any]) -> float:
    from mmstudio.learning.finetune.measure import label_chance

    if _measure(data, settings) == "labels":
        return label_chance(data)
    return 1.0 / max(1, int(data.held.sum()))


def _card(facts: dict[str, Any], spec: BackboneSpec, label: str, data: Labelled) -> str:
    measure = (
        "share of held-out pictures whose five nearest learned-from pictures name their label"
        if facts["measure"] == "labels"
        else "share of held-out pictures that a changed view of them finds"
    )
    lines = [
        f"# {label}",
        "",
        f"- Started from: {facts['base']} ({spec.architecture}), licence {spec.licence}",
        f"- Learned on: {facts['on']}, {facts['classes']} labels, {facts['learned_from']} of its pictures",
        f"- Steps: {facts['steps']}, {facts['seconds']:.0f} s",
        f"- Held out: {facts['held_out']} pictures; those of one item are never on both sides",
    ]
    lines += [f"- Left out ({why}): {n}" for why, n in data.left_out.items() if n]
    lines += [
        "- Rights: learned from the library's own pictures; pass the weights on only if those may be.",
        "",
        "## Measured",
        "",
        f"{measure.capitalize()}.",
        "",
        f"- before: {100 * facts['before']:.1f} %",
        f"- after: {100 * facts['after']:.1f} %",
        f"- chance: {100 * facts['chance']:.1f} %",
    ]
    return "\n".join(lines) + "\n"
