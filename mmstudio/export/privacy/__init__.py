"""Privacy of what leaves: personal data masked in texts, faces blurred, metadata taken off copied media."""

from __future__ import annotations

from mmstudio.export.privacy.prepare import Prepared, prepare

__all__ = ["Prepared", "prepare"]
