"""Texts that people and programs enter, as they are kept, shown, found and put in order."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db import models

#: Letters that are no base letter with a mark, and what people type for them.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
#: How umlauts are spelled where a keyboard has none.
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
#: Numbers are compared by their value up to so many digits.
_DIGITS = 9
LONGEST_SORT_KEY = 240


def one_line(text: str) -> str:
    """The same in one line, without characters that nobody sees: these hide, turn round or break what is shown."""
    seen = "".join(each for each in text if each.isprintable() or each.isspace())
    return " ".join(seen.split())


def folded(text: str) -> str:
    """The text without what people leave out when they look for it: capitals, accents and umlauts, double spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in apart if not unicodedata.combining(each)).translate(_PLAIN)
    return " ".join(plain.casefold().split())


def findable(*texts: str) -> str:
    """What a search looks in: the texts folded, and once more as they are spelled without umlauts if that differs."""
    found: dict[str, None] = {}
    for text in filter(None, texts):
        found[folded(text)] = None
        found[folded(unicodedata.normalize("NFC", text.casefold()).translate(_SPELLED))] = None
    return "\n".join(found)


def sort_key(name: str) -> str:
    """By this names stand in the order in which people expect them: Ä beside A, 2 before 10."""
    numbered = re.sub(r"\d+", lambda found: found[0].lstrip("0").zfill(_DIGITS), folded(name))
    return numbered[:LONGEST_SORT_KEY]


class SortKey(models.CharField):  # type: ignore[type-arg]  # not generic when it runs
    """The sort key of another column; whatever way a row is written, the two agree."""

    def __init__(self, *, of: str, **options: Any) -> None:
        self.of = of
        super().__init__(max_length=LONGEST_SORT_KEY, default="", editable=False)

    def deconstruct(self) -> Any:
        """For migrations."""
        name, path, _arguments, _options = super().deconstruct()
        return name, path, [], {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """What the row gets."""
        value = sort_key(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value
