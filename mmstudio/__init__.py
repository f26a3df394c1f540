"""MM Studio: keep media, learn from it, generate, recommend, compose and export, all on your own machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Libraries that would call home are told not to before any of them loads: onnxruntime (1.32 keeps a device
# id and sends events, on Linux too), Hugging Face's, ray's.
for _name in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "DO_NOT_TRACK"):
    os.environ[_name] = "1"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

__version__ = "0.1.0"
__all__ = ["Studio", "__version__"]

if TYPE_CHECKING:
    from mmstudio.studio import Studio


def __getattr__(name: str) -> Any:
    # Studio pulls in the whole house; importing it only when asked keeps `import mmstudio` instant.
    if name == "Studio":
        from mmstudio.studio import Studio

        return Studio
    raise AttributeError(f"module 'mmstudio' has no attribute {name!r}")
