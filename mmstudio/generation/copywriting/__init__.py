"""Copy: engines that write, a guard that checks every text against the item's facts."""

from mmstudio.generation.copywriting.contract import (
    TASKS,
    TONES,
    Brand,
    Brief,
    Context,
    Engine,
    EngineStatus,
    Reason,
    Span,
    Task,
    Tone,
    Variant,
)
from mmstudio.generation.copywriting.guard import blocking, check
from mmstudio.generation.copywriting.service import Copywriter

__all__ = [
    "TASKS",
    "TONES",
    "Brand",
    "Brief",
    "Context",
    "Copywriter",
    "Engine",
    "EngineStatus",
    "Reason",
    "Span",
    "Task",
    "Tone",
    "Variant",
    "blocking",
    "check",
]
