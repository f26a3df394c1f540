"""A model's decoder as ONNX, for programs without torch; checked against torch before the file is there."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.atomic import atomic_path
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import mark, tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.config import load_config
from mmstudio.learning.families import family

if TYPE_CHECKING:
    import torch

    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.learning.service import Trainings

OPSET = 18
PASSED_ON = mark(
    "Pass on its folder instead; where it has counted phrases, only as you would the texts it learned from."
)
AGREES = 2e-3  # largest difference allowed, where black is -1 and white 1: a quarter of a grey level
TESTED = (1, 3)  # batch sizes tried; both differ from the one exported with


def exporting(
    trainings: Trainings, context: JobContext, name: str, path: Path
) -> Generator[Progress, None, dict[str, Any]]:
    """Write the generator or decoder of a model to ``path`` and compare it with torch.

    Inputs: ``latents``, float32 N×stages×L where every stage takes a latent of its own (the same one
    repeated for a plain picture), else N×L; ``condition``, float32 N×C, only where the model has one (zeros:
    nothing is known). Output: ``pictures``, float32 N×channels×S×S in about [-1, 1]. N is free. The file's
    metadata names the model, its size and what latents are drawn from.

    Returns:
        {"path", "opset", "inputs", "difference" (the largest), "bytes"}.

    Raises:
        UsageError: a path that does not end in .onnx. NotFound, StudioError: see :meth:`Trainings.load`; the
        file does not agree with the model, or cannot be made (nothing is left then). DiskFull.
    """
    if path.suffix.lower() != ".onnx":
        raise UsageError("The file's name must end in .onnx.")
    yield Progress(0, 3, tr("Preparing"))
    if family(load_config(trainings.folder(name)).family).modality == "text":
        raise UsageError("“{name}” writes texts: there is no ONNX file of that.", hint=PASSED_ON, name=name)
    model = trainings.load(name, "cpu")
    inputs = example_inputs(model, 2)
    context.raise_if_cancelled()
    yield Progress(1, 3, tr("Writing"))
    with atomic_path(path) as temporary:
        try:
            _write(model, inputs, temporary)
        except RuntimeError as error:  # the exporter met something that it has no word for
            raise StudioError("“{name}” cannot be written as ONNX.", name=name) from error
        yield Progress(2, 3, tr("Comparing with the model"))
        difference = max(_difference(model, temporary, count) for count in TESTED)
        if not difference <= AGREES:
            raise StudioError(
                "The ONNX file of “{name}” draws other pictures than the model; it was not kept.",
                hint="Please report this with the model's config.json.",
                name=name,
            )
    yield Progress(3, 3)
    return {
        "path": str(path),
        "opset": OPSET,
        "inputs": {key: list(value.shape[1:]) for key, value in inputs.items()},
        "difference": float(f"{difference:.2g}"),
        "bytes": path.stat().st_size,
    }


def example_inputs(model: GenerativeModel, count: int, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Inputs of the exported graph, by name; random, the condition too."""
    import torch

    random = torch.Generator().manual_seed(seed)
    z = model.draw(count * model.stages, random)
    z = z.view(count, model.stages, -1) if model.stages > 1 else z
    found = {"latents": z.numpy()}
    if width := model.conditions.width:
        found["condition"] = torch.randn(count, width, generator=random).numpy()
    return found


def _write(model: GenerativeModel, inputs: dict[str, NDArray[np.float32]], path: Path) -> None:
    import onnx
    import torch

    batch = torch.export.Dim("batch")
    given = {key: torch.from_numpy(value) for key, value in inputs.items()}
    # The exporter speaks of its own affairs on several loggers; what matters is compared afterwards.
    quiet = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in quiet]
    try:
        for logger in quiet:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                _wrapped(model.decoder),
                tuple(given.values()),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(given),
                output_names=["pictures"],
                dynamic_shapes=(({0: batch},) * len(given),),  # one tuple: forward takes *inputs
                verbose=False,
            )
    finally:
        for logger, level in zip(quiet, levels, strict=True):
            logger.setLevel(level)
    assert program is not None
    graph = program.model_proto
    config = model.config
    drawn = "standard normal" if model.encoder is None else "the model's fitted mixture of Gaussians"
    about = {"name": config.name, "family": config.family, "size": config.size, "aspect": config.aspect}
    about |= {"latents": drawn, "range": "-1 is black, 1 is white", "weights": model.fingerprint}
    onnx.helper.set_model_props(graph, {key: str(value) for key, value in about.items()})
    path.write_bytes(graph.SerializeToString())


def _wrapped(decoder: torch.nn.Module) -> torch.nn.Module:
    """The decoder with as many arguments as the graph has inputs."""
    from torch import Tensor, nn

    class Drawing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.decoder = decoder

        def forward(self, *inputs: Tensor) -> Tensor:
            pictures: Tensor = self.decoder(*inputs)
            return pictures.contiguous()

    return Drawing().eval()


def _difference(model: GenerativeModel, path: Path, count: int) -> float:
    """The largest difference between onnxruntime's pictures and torch's."""
    import onnxruntime  # type: ignore[import-untyped]
    import torch

    inputs = example_inputs(model, count, seed=count)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    theirs = session.run(["pictures"], inputs)[0]
    latents, *told = (torch.from_numpy(value) for value in inputs.values())
    ours = model.decode(latents, told[0] if told else None).numpy()
    if theirs.shape != ours.shape:
        return float("inf")
    return float(np.abs(theirs - ours).max())
