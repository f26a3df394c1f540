"""MM Studio: keep media, learn from it, generate, recommend, compose and export, all on your own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
