"""Where a file came from: said inside it, signed on request, and read back."""

from __future__ import annotations

from mmstudio.export.provenance.finishing import finish
from mmstudio.export.provenance.label import labelled, visible_label
from mmstudio.export.provenance.record import record_of, storyboard_hash
from mmstudio.export.provenance.verifying import Verdict, verify

__all__ = ["Verdict", "finish", "labelled", "record_of", "storyboard_hash", "verify", "visible_label"]
