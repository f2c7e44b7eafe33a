"""What are the units of a pack called in a language, for one of them and for many?

A unit that has no words here, such as a currency, keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]

ENGLISH: Words = {
    "person": ("person", "persons"),
    "household": ("household", "households"),
    "adult_equivalent": ("adult equivalent", "adult equivalents"),
    "room": ("room", "rooms"),
    "year": ("year", "years"),
    "month": ("month", "months"),
    "day": ("day", "days"),
}

FRENCH: Words = {
    "person": ("personne", "personnes"),
    "household": ("ménage", "ménages"),
    "adult_equivalent": ("équivalent adulte", "équivalents adultes"),
    "room": ("pièce", "pièces"),
    "year": ("an", "ans"),
    "month": ("mois", "mois"),
    "day": ("jour", "jours"),
}

CHINESE: Words = {
    "person": ("人", "人"),
    "household": ("户", "户"),
    "adult_equivalent": ("成人当量", "成人当量"),
    "room": ("间", "间"),
    "year": ("年", "年"),
    "month": ("个月", "个月"),
    "day": ("天", "天"),
    "min": ("分钟", "分钟"),
    "m": ("米", "米"),
    "L": ("升", "升"),
    "mu": ("亩", "亩"),
}

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "fr": FRENCH, "zh": CHINESE}


def unit_in_words(unit: str, language: str, *, one: bool = True) -> str:
    """A unit such as `L/person/day` in a language.

    Args:
        unit: as the pack writes it.
        language: one of LANGUAGES, or one of their scripts, such as zh-Hans; in any other the unit keeps its own words.
        one: whether there is one of it; what stands below a stroke is always one.
    """
    words = LANGUAGES.get(language.split("-", 1)[0], {})
    first, *rest = unit.split("/")
    head = words.get(first, (first, first))[0 if one else 1]
    return "/".join([head, *(words.get(word, (word, word))[0] for word in rest)])
