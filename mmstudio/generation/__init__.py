"""Generation: trained models at work, a floor under quality, backgrounds, and the copywriter.

The service is loaded when it is first asked for: a page of the window that only names what it wants must not
wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmstudio.generation.service import Generation

__all__ = ["Generation"]


def __getattr__(name: str) -> Any:
    if name == "Generation":
        from mmstudio.generation.service import Generation

        return Generation
    raise AttributeError(name)
