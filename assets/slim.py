"""Leave out of a style sheet what no page can use: rules for classes that occur nowhere in the project.

Pages name their classes in templates, Python and JavaScript. Whatever looks like a class name in one of these
files counts as used, and a name that ends in a hyphen (``badge-{{ tone }}``) keeps every class that begins so;
better a rule too many than one too few.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NAME = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*")
CLASS = re.compile(r"\.((?:[A-Za-z0-9_-]|\\.)+)")
# Alternatives inside of brackets: ":not(.x)" holds for pages without x, ":is(.x, .y)" for either.
ALTERNATIVES = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
NESTING = ("@media", "@supports", "@container", "@layer")


@dataclass(frozen=True, slots=True)
class Names:
    """The class names that pages may use."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def found_in(cls, texts: Iterable[str]) -> Names:
        """Everything in these texts that could be a class name."""
        found = {name for text in texts for name in NAME.findall(text)}
        return cls(
            whole=frozenset(found),
            beginnings=tuple(sorted(name for name in found if name.endswith("-") and len(name) > 2)),
        )

    def with_those_in(self, texts: Iterable[str]) -> Names:
        """These names and those of more texts."""
        more = Names.found_in(texts)
        return Names(self.whole | more.whole, tuple(sorted({*self.beginnings, *more.beginnings})))

    def __contains__(self, name: object) -> bool:
        return name in self.whole or (isinstance(name, str) and name.startswith(self.beginnings))


def slim(css: str, names: Names) -> str:
    """The style sheet without the rules whose every selector needs a class outside of ``names``."""
    kept = []
    for head, body in rules(css):
        if body is None:
            kept.append(head)
        elif head.lstrip().startswith(NESTING):
            inner = slim(body, names)
            if inner:
                kept.append(f"{head}{{{inner}}}")
        elif head.lstrip().startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [selector for selector in split(head, ",") if may_match(selector, names)]
            if selectors:
                kept.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(kept)


def may_match(selector: str, names: Names) -> bool:
    """Whether an element with classes from ``names`` could be meant by the selector."""
    plain = ALTERNATIVES.sub("", selector)
    return all(re.sub(r"\\(.)", r"\1", name) in names for name in CLASS.findall(plain))


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """The rules at the outermost level as head and body; the body is None for one-line at-rules."""
    start = 0
    while (end := until(css, start, "{;")) < len(css):
        if css[end] == ";":
            yield css[start : end + 1], None
            start = end + 1
            continue
        close = matching_brace(css, end)
        yield css[start:end], css[end + 1 : close]
        start = close + 1


def split(text: str, separator: str) -> Iterator[str]:
    """The parts between separators that are not inside of brackets or strings."""
    start = 0
    while start <= len(text):
        end = until(text, start, separator)
        yield text[start:end]
        start = end + 1


def until(css: str, start: int, ends: str) -> int:
    """Where the next of these characters stands outside of brackets, strings and comments; the length if nowhere."""
    depth, position = 0, start
    while position < len(css):
        character = css[position]
        if css.startswith("/*", position):
            position = css.index("*/", position) + 1
        elif character in "\"'":
            position = end_of_string(css, position)
        elif character == "\\":
            position += 1
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif depth == 0 and character in ends:
            return position
        position += 1
    return len(css)


def end_of_string(css: str, start: int) -> int:
    """Where the string that begins here has its closing quote."""
    position = start + 1
    while css[position] != css[start]:
        position += 2 if css[position] == "\\" else 1
    return position


def matching_brace(css: str, opening: int) -> int:
    """Where the block that begins here ends."""
    depth, position = 1, opening
    while depth:
        position = until(css, position + 1, "{}")
        depth += 1 if css[position] == "{" else -1
    return position
