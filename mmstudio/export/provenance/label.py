"""The line that tells a viewer that a model made parts of what they see, where the law asks for it.

Our reading, not legal advice: the EU's AI Act (Regulation 2024/1689, Art. 50, from 2 August 2026) asks for
disclosure of generated pictures, sound and video; China's measures for labelling generated content (from
1 September 2025, with GB 45438-2025) ask for a visible label with the words "AI" and "生成" or "合成".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from mmstudio.export.options import ExportOptions
from mmstudio.i18n import mark, translate
from mmstudio.media.metadata import TRAINED

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard

Law = Literal["", "eu", "cn"]
EU = frozenset(
    ("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT",
     "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE")
)  # fmt: skip
_WHOLE = mark("Made with AI")
_PARTS = mark("Contains AI-generated content")
# Languages of audiences, not of the program's window: (made by a model alone, with parts by a model).
_LOCAL = {
    "de": ("Mit KI erstellt", "Enthält KI-generierte Inhalte"),
    "fr": ("Créé par IA", "Contient du contenu généré par IA"),
    "es": ("Creado con IA", "Contiene contenido generado por IA"),
    "it": ("Creato con l’IA", "Contiene contenuti generati dall’IA"),
    "nl": ("Gemaakt met AI", "Bevat door AI gegenereerde inhoud"),
    "pt": ("Criado com IA", "Contém conteúdo gerado por IA"),
}


def law_of(locale: str, market: str = "") -> Law:
    """Whose law asks for a label: of the market where one is named, else of the locale's country.

    ``zh`` without a country counts as China; another language without a country as none.
    """
    parts = locale.replace("-", "_").split("_")
    country = market.upper() or next((p.upper() for p in parts[1:] if len(p) == 2), "")
    if not country and parts[0].lower() == "zh" and "hant" not in locale.lower():
        country = "CN"
    if not country and parts[0].upper() in EU and parts[0].lower() in _LOCAL:
        country = parts[0].upper()  # de, fr, es, it, nl, pt: the language's own country
    return "cn" if country == "CN" else "eu" if country in EU else ""


def visible_label(board: Storyboard, options: ExportOptions | None = None) -> str:
    """The label to be drawn over a storyboard; "" for none. A label set by hand stays.

    ``options.label``: "auto" where :func:`law_of` finds a law, "always", "never". Only content with parts
    that a model made gets one.
    """
    from mmstudio.export.provenance.record import source_type

    chosen = options or ExportOptions()
    if board.label:
        return board.label
    kind = source_type(board)
    if not kind or chosen.label == "never":
        return ""
    if chosen.label == "auto" and not law_of(board.locale, chosen.market):
        return ""
    return label_words(board.locale, whole=kind == TRAINED)


def labelled(board: Storyboard, options: ExportOptions | None = None) -> Storyboard:
    """The storyboard as it is exported as far as the label goes: what a preview draws. Shares its parts."""
    label = visible_label(board, options)
    return board if label == board.label else replace(board, label=label)


def label_words(locale: str, *, whole: bool) -> str:
    """The words of the label in a locale's language, English where there are none."""
    language = locale.replace("-", "_").split("_")[0].lower()
    if language in _LOCAL:
        return _LOCAL[language][0 if whole else 1]
    return translate(_WHOLE if whole else _PARTS, "zh_CN" if language in ("zh", "cmn") else "en")
