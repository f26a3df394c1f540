"""What goes into a bundle and what is left out, and why. No code of the program is imported here."""

from __future__ import annotations

import re

# Never used; each weighs megabytes or carries a licence that the bundle must not.
EXCLUDES = [
    "tkinter", "PySide6.QtCharts", "PySide6.QtDataVisualization", "PySide6.QtGraphs",  # GPL parts of Qt
    "PySide6.QtWebEngineCore", "PySide6.QtWebEngineWidgets", "PySide6.QtQuick", "PySide6.QtQml",
    "PySide6.QtDesigner", "PySide6.QtTest", "PySide6.QtPdf", "PySide6.Qt3DCore", "PySide6.scripts",
    "PyQt5", "PyQt6", "pytest", "_pytest", "hypothesis", "mypy", "ruff", "IPython", "jupyter",
    "notebook", "pip", "tensorflow", "pandas", "ray", "triton",
    "pypdfium2", "feedparser", "webvtt", "pysrt", "pyld", "importlinter", "grimp", "gdcm", "_gdcm",
]  # fmt: skip

# CUDA's libraries and GPL codecs never share a bundle: PyAV is linked with x264 and x265, so that a bundle
# with CUDA reads and writes film through a separately installed ffmpeg program.
LEFT_OUT: dict[str, list[str]] = {"plain": [], "cuda": ["av"]}
# The distribution's name, for the self-test's table.
LEFT_OUT_NAMES: dict[str, str] = {"plain": "", "cuda": "av"}

# Packages that ask for their own version, or that `mmstudio doctor` names.
METADATA = [
    "mmstudio", "torch", "torchvision", "torchaudio", "librosa", "pillow", "sqlite-utils",
    "PySide6-Essentials", "numpy", "scipy", "scikit-learn", "onnx", "onnxruntime", "optuna", "keyring",
    "pydantic", "typer", "rich", "transformers", "tokenizers", "huggingface-hub", "safetensors",
    "tqdm", "regex", "requests", "packaging", "filelock", "pyyaml", "OpenTimelineIO", "scikit-image",
    "imageio", "gensim", "sentence-transformers",
]  # fmt: skip

_NOT_NEEDED = [
    re.compile(pattern)
    for pattern in (
        r"(^|/)PySide6/Qt/qml/",
        r"(^|/)PySide6/Qt/translations/(?!qtbase_(zh_CN|en))",
        r"PySide6/Qt/resources/",
        r"libQt6(Quick|Qml|WebEngine|Designer|Charts|DataVisualization|Graphs|3D|Pdf|Test|ShaderTools|VirtualKeyboard)",
        r"(^|/)PySide6/(Qt/libexec|assistant|designer|linguist|lupdate|lrelease|qml|include|typesystems|glue)",
        r"(^|/)PySide6/Qt/plugins/(qmltooling|designer|sqldrivers|virtualkeyboard|assetimporters|renderers|sceneparsers|geometryloaders)",
        r"(^|/)torch/(include|share|test)/",
        r"(^|/)torch/bin/(?!torch_shm_manager)",
        r"\.(a|lib|cuh|hpp|cpp|cmake)$",
        r"(^|[./])tests?([./]|$)",
        r"(^|/)matplotlib/mpl-data/(sample_data|images)/",
        r"(^|/)phonenumbers/(geodata|carrierdata|tzdata)/",
        r"(^|/)tensorboard_data_server/",
        r"(^|/)onnx/backend/test/",
        r"(^|/)onnxruntime/(transformers|quantization|tools)/",
        r"(^|/)numba/(cuda/tests|tests)/",
        r"(^|/)gensim/test/",
    )
]  # fmt: skip


def is_needed(name: str) -> bool:
    """Whether a file (path in the bundle) or a module (dotted) belongs into the bundle."""
    plain = name.replace("\\", "/")
    if plain.startswith(("resources/", "models/", "licences/")):
        return True
    return not any(pattern.search(plain) for pattern in _NOT_NEEDED)
