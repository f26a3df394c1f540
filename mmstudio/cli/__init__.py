"""The shell face: the same services as the window, one clear line when something fails."""

from mmstudio.cli.app import app, run

__all__ = ["app", "run"]
