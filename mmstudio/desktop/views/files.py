"""Handing files to the rest of the computer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif")


def open_path(path: str) -> None:
    """Open a file or folder with the system's own program."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def copy_text(text: str) -> None:
    """Put words on the clipboard."""
    QGuiApplication.clipboard().setText(text)


def copy_files(paths: Sequence[str]) -> None:
    """Put files on the clipboard: other programs paste them as files, editors as their paths."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path) for path in paths])
    mime.setText("\n".join(paths))
    QGuiApplication.clipboard().setMimeData(mime)


def is_picture(path: str) -> bool:
    """Whether a file's picture can be put on the clipboard."""
    return path.lower().endswith(_PICTURES)


def read_picture(path: str) -> NDArray[np.uint8]:
    """A picture's pixels uint8 [H,W,3]. Not for the GUI thread. Raises MediaError."""
    from mmstudio.media.image import image_array

    return image_array(path)[..., :3]


def copy_picture(pixels: NDArray[np.uint8]) -> None:
    """Put a picture, uint8 [H,W,3], on the clipboard."""
    import numpy as np

    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    QGuiApplication.clipboard().setImage(image)
