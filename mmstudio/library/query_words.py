"""The words of the query line, English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.i18n import mark
from mmstudio.library.records import RIGHTS, STATUSES, Origin, Rights, Status

if TYPE_CHECKING:
    from mmstudio.media.kinds import MediaKind

# Of the measures of docs/library-format.md; beyond these a person would call a file unusable, here and in the
# library doctor.
BLURRED, CLIPPED, SILENT = 0.3, 0.01, 0.99

KINDS: dict[str, MediaKind] = {
    "image": "image", "images": "image", "picture": "image", "pictures": "image", "photo": "image",
    "photos": "image", "图片": "image", "图像": "image", "照片": "image",
    "audio": "audio", "sound": "audio", "sounds": "audio", "music": "audio",
    "声音": "audio", "音频": "audio", "音乐": "audio",
    "video": "video", "videos": "video", "clip": "video",
    "clips": "video", "film": "video", "视频": "video",
    "text": "text", "texts": "text", "文字": "text", "文本": "text",
}  # fmt: skip
STATUS_WORDS: dict[str, Status] = {
    **{name: name for name in STATUSES},
    "trash": "trashed", "正常": "ok", "丢失": "missing", "损坏": "corrupt", "回收站": "trashed",
}  # fmt: skip
ORIGINS: dict[str, Origin] = {
    "imported": "imported", "generated": "generated", "made": "generated",
    "导入": "imported", "生成": "generated",
}  # fmt: skip
RIGHTS_WORDS: dict[str, Rights] = {
    **{name: name for name in RIGHTS},
    "mine": "own", "自有": "own", "授权": "licensed", "已授权": "licensed", "禁止训练": "no-training",
    "受限": "restricted", "未知": "unknown",
}  # fmt: skip
LANGUAGES: dict[str, str] = {
    "english": "en", "chinese": "zh", "german": "de", "french": "fr", "spanish": "es", "italian": "it",
    "japanese": "ja", "korean": "ko", "portuguese": "pt", "russian": "ru", "dutch": "nl",
    "中文": "zh", "英文": "en", "英语": "en", "汉语": "zh", "日语": "ja",
    "日文": "ja", "德语": "de", "法语": "fr",
    "西班牙语": "es", "韩语": "ko", "俄语": "ru",
}  # fmt: skip
ORIENTATIONS: dict[str, str] = {
    "landscape": "landscape", "portrait": "portrait", "square": "square", "wide": "landscape",
    "tall": "portrait", "横向": "landscape", "横": "landscape", "纵向": "portrait", "竖": "portrait",
    "竖向": "portrait", "方形": "square",
}  # fmt: skip

# key as typed → canonical key
KEYS: dict[str, str] = {
    "kind": "kind", "type": "kind", "类型": "kind", "tag": "tag", "tags": "tag", "标签": "tag",
    "collection": "collection", "收藏": "collection", "item": "item", "sku": "item", "商品": "item",
    "category": "category", "类别": "category", "分类": "category",
    "origin": "origin", "来源": "origin", "status": "status", "状态": "status",
    "rating": "rating", "stars": "rating", "评分": "rating", "星级": "rating",
    "width": "width", "宽": "width", "宽度": "width", "height": "height", "高": "height", "高度": "height",
    "duration": "duration", "length": "duration", "时长": "duration", "size": "size", "大小": "size",
    "price": "price", "价格": "price", "date": "date", "taken": "date", "日期": "date", "拍摄": "date",
    "added": "added", "添加": "added", "lang": "lang", "language": "lang", "语言": "lang",
    "rights": "rights", "权利": "rights", "版权": "rights",
    "color": "color", "colour": "color", "颜色": "color",
    "色": "color", "orientation": "orientation", "方向": "orientation",
    "is": "is", "是": "is", "like": "like",
    "similar": "like", "相似": "like", "像": "like", "key": "key", "调": "key", "调性": "key",
    "sharpness": "sharpness", "清晰度": "sharpness", "exposure": "exposure", "brightness": "exposure",
    "亮度": "exposure", "contrast": "contrast", "对比度": "contrast", "dark": "dark", "light": "light",
    "colourfulness": "colourfulness", "colorfulness": "colourfulness", "鲜艳度": "colourfulness",
    "read": "read", "loudness": "loudness", "响度": "loudness", "peak": "peak", "峰值": "peak",
    "clipping": "clipping", "silence": "silence", "静音": "silence", "tempo": "tempo", "bpm": "tempo",
    "速度": "tempo", "节奏": "tempo", "scenes": "scenes",
    "镜头": "scenes", "words": "words", "字数": "words",
}  # fmt: skip
MEASURES = (
    "sharpness", "exposure", "contrast", "dark", "light", "colourfulness", "read", "loudness", "peak",
    "clipping", "silence", "tempo", "scenes", "words",
)  # fmt: skip

# What ``is:`` knows: the filter that it stands for, as "key:value", or a state of its own.
STATE_WORDS: dict[str, str] = {
    "untagged": "untagged", "无标签": "untagged", "untitled": "untitled", "无标题": "untitled",
    "used": "used", "已使用": "used", "duplicate": "duplicate", "double": "duplicate", "重复": "duplicate",
}  # fmt: skip
ALIASES: dict[str, str] = {
    "generated": "origin:generated", "生成": "origin:generated", "made": "origin:generated",
    "imported": "origin:imported", "导入": "origin:imported",
    "unrated": "rating:0", "未评分": "rating:0", "rated": "rating:1..5", "已评分": "rating:1..5",
    "missing": "status:missing", "丢失": "status:missing",
    "corrupt": "status:corrupt", "损坏": "status:corrupt",
    "trashed": "status:trashed", "回收站": "status:trashed",
    "landscape": "orientation:landscape", "横向": "orientation:landscape",
    "portrait": "orientation:portrait", "纵向": "orientation:portrait",
    "square": "orientation:square", "方形": "orientation:square",
    "blurred": f"sharpness:<{BLURRED}", "blurry": f"sharpness:<{BLURRED}", "模糊": f"sharpness:<{BLURRED}",
    "sharp": "sharpness:>=0.6", "清晰": "sharpness:>=0.6",
    "dark": "exposure:<0.25", "暗": "exposure:<0.25", "bright": "exposure:>0.8", "亮": "exposure:>0.8",
    "silent": f"silence:>{SILENT}", "静音": f"silence:>{SILENT}",
    "clipped": f"clipping:>{CLIPPED}", "削波": f"clipping:>{CLIPPED}",
}  # fmt: skip
OR_WORDS = {"or", "OR", "Or", "|", "||", "或", "或者"}
NOT_WORDS = {"NOT", "非"}

# canonical key → what a person reads
LABELS: dict[str, str] = {
    "kind": mark("Kind"), "tag": mark("Tag"), "collection": mark("Collection"), "item": mark("Item"),
    "category": mark("Category"), "origin": mark("Origin"), "status": mark("Status"),
    "rating": mark("Rating"), "width": mark("Width"), "height": mark("Height"),
    "duration": mark("Duration"), "size": mark("File size"), "price": mark("Price"),
    "date": mark("Date taken"), "added": mark("Date added"), "lang": mark("Language"),
    "rights": mark("Rights"), "color": mark("Colour"), "orientation": mark("Orientation"),
    "is": mark("Is"), "like": mark("Similar to"), "key": mark("Musical key"),
    "sharpness": mark("Sharpness"), "exposure": mark("Brightness"), "contrast": mark("Contrast"),
    "dark": mark("Dark share"), "light": mark("Light share"), "colourfulness": mark("Colourfulness"),
    "read": mark("Characters read"), "loudness": mark("Loudness"), "peak": mark("Peak"),
    "clipping": mark("Clipping"), "silence": mark("Silence"), "tempo": mark("Tempo"),
    "scenes": mark("Shots"), "words": mark("Number of words"),
}  # fmt: skip
UNITS: dict[str, str] = {
    "width": "px", "height": "px", "duration": "s", "loudness": "LUFS", "peak": "dBFS", "tempo": "BPM",
}  # fmt: skip
# value in the program → what a person reads
VALUE_WORDS: dict[str, str] = {
    "image": mark("Pictures"), "audio": mark("Sounds"), "video": mark("Videos"), "text": mark("Texts"),
    "imported": mark("Imported"), "generated": mark("Made here"), "ok": mark("Fine"),
    "missing": mark("File is missing"), "corrupt": mark("File cannot be read"),
    "trashed": mark("In the trash"), "unknown": mark("Not said"), "own": mark("My own"),
    "licensed": mark("Licensed"), "no-training": mark("Not for training"), "restricted": mark("Restricted"),
    "landscape": mark("Landscape"), "portrait": mark("Portrait"), "square": mark("Square"),
    "untagged": mark("Without tags"), "untitled": mark("Without a title"),
    "used": mark("Used by an item"), "duplicate": mark("There more than once"),
    "black": mark("Black"), "grey": mark("Grey"), "white": mark("White"), "red": mark("Red"),
    "orange": mark("Orange"), "brown": mark("Brown"), "beige": mark("Beige"), "yellow": mark("Yellow"),
    "green": mark("Green"), "teal": mark("Teal"), "blue": mark("Blue"), "purple": mark("Purple"),
    "pink": mark("Pink"),
    "en": mark("English"), "zh": mark("Chinese"), "de": mark("German"), "fr": mark("French"),
    "es": mark("Spanish"), "it": mark("Italian"), "ja": mark("Japanese"), "ko": mark("Korean"),
    "pt": mark("Portuguese"), "ru": mark("Russian"), "nl": mark("Dutch"),
}  # fmt: skip
