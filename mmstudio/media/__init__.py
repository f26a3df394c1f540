"""Bytes to arrays and back: images, sound, video, text, tables; metadata, thumbnails, encoders. No Qt."""

from mmstudio.media.kinds import SUFFIXES, MediaKind, kind_of
from mmstudio.media.probe import MediaInfo, probe

__all__ = ["SUFFIXES", "MediaInfo", "MediaKind", "kind_of", "probe"]
