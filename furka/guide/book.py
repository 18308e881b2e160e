"""Reads the guide: a cover, two parts, chapters with a name that is the same in every language.

The texts are Markdown with few means: headings, paragraphs, lists, bold for words that stand on the screen, links to
other chapters, and pictures alone in their paragraph. A chapter begins with `## Title {#name}`. Whatever else a text
tries is an error, so nothing comes on a page that was not meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

TEXTS = Path(__file__).parent / "texts"
LANGUAGES = ("de", "en", "fr", "it")
PARTS = ("owners", "supporters")

_CHAPTER = re.compile(r"^## (?P<title>.+?) \{#(?P<name>[a-z-]+)\}$", re.MULTILINE)
_TITLE = re.compile(r"\A# (?P<title>.+)$", re.MULTILINE)
_LEFT_OVER = re.compile(r"\*\*|\]\(|^#+ |[<>`]|\{#")


class Broken(Exception):
    """A text of the guide that can not be read; says which, and why."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a sentence: plain, a word that stands on the screen, or a link to a chapter."""

    text: str
    strong: bool = False
    chapter: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a question (`heading`), a list, or a picture with its text."""

    kind: str
    lines: tuple[tuple[Run, ...], ...] = ()
    picture: str = ""

    @property
    def runs(self) -> tuple[Run, ...]:
        """All pieces, one line after the other."""
        return tuple(run for line in self.lines for run in line)

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One subject."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What is meant for one kind of readers."""

    name: str
    title: str
    lead: str
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """The guide in one language."""

    language: str
    title: str
    lead: str
    parts: tuple[Part, ...]

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """All chapters, of both parts."""
        return tuple(chapter for part in self.parts for chapter in part.chapters)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The names of all pictures, in their order."""
        return tuple(block.picture for chapter in self.chapters for block in chapter.blocks if block.picture)

    def part_of(self, chapter: str) -> Part:
        """The part in which that chapter stands; KeyError if it stands in none."""
        return {each.name: part for part in self.parts for each in part.chapters}[chapter]


@cache
def book(language: str) -> Book:
    """The guide in that language; in English if there is none in it."""
    if language not in LANGUAGES:
        language = "en"
    title, lead, chapters = _read(TEXTS / language / "cover.md")
    if chapters:
        raise Broken(f"{language}/cover.md has chapters")
    parts = tuple(Part(name, *_read(TEXTS / language / f"{name}.md")) for name in PARTS)
    made = Book(language, title, lead, parts)
    names = [chapter.name for chapter in made.chapters]
    if len(set(names)) < len(names):
        raise Broken(f"a chapter's name stands twice in {language}")
    for chapter in made.chapters:
        for run in (run for block in chapter.blocks for run in block.runs):
            if run.chapter and run.chapter not in names:
                raise Broken(f"{language}: {chapter.name} leads to {run.chapter}, which does not exist")
    return made


def _read(path: Path) -> tuple[str, str, tuple[Chapter, ...]]:
    """Title, lead and chapters of a file."""
    text = path.read_text(encoding="utf-8")
    title = _TITLE.match(text)
    if title is None:
        raise Broken(f"{path} does not begin with a title")
    heads = list(_CHAPTER.finditer(text))
    lead = text[title.end() : heads[0].start() if heads else None]
    ends = [head.start() for head in heads[1:]] + [len(text)]
    chapters = tuple(
        Chapter(head["name"], head["title"], tuple(_blocks(text[head.end() : end], f"{path}#{head['name']}")))
        for head, end in zip(heads, ends, strict=False)
    )
    return title["title"], " ".join(lead.split()), chapters


@cache
def _markdown() -> MarkdownIt:
    """Only what the texts need; anything else stays the characters that it is."""
    reader = MarkdownIt("zero", {"html": False, "linkify": False, "typographer": False})
    reader.enable(["heading", "list", "emphasis", "link", "image", "newline"])
    return reader


def _blocks(text: str, where: str) -> Iterator[Block]:
    lines: list[tuple[Run, ...]] = []
    tokens = _markdown().parse(text)
    in_list = ""
    for before, token in zip([None, *tokens], tokens, strict=False):
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                in_list = "steps" if token.type.startswith("ordered") else "list"
                lines = []
            case "bullet_list_close" | "ordered_list_close":
                yield Block(in_list, tuple(lines))
                in_list = ""
            case "inline":
                children = token.children or []
                is_heading = before is not None and before.type == "heading_open"
                if [child.type for child in children] == ["image"]:
                    picture = children[0]
                    yield Block("picture", ((Run(picture.content),),), str(picture.attrs["src"]))
                    continue
                runs = tuple(_runs(children, where))
                if in_list:
                    lines.append(runs)
                else:
                    yield Block("heading" if is_heading else "paragraph", (runs,))
            case "heading_open" if token.tag != "h3":
                raise Broken(f"{where}: a heading of level {token.tag}")
            case "paragraph_open" | "paragraph_close" | "heading_open" | "heading_close":
                pass
            case "list_item_open" | "list_item_close":
                pass
            case _:
                raise Broken(f"{where}: {token.type}")


def _runs(children: Sequence[Token], where: str) -> Iterator[Run]:
    strong, chapter = False, ""
    for child in children:
        match child.type:
            case "text":
                if _LEFT_OVER.search(child.content):
                    raise Broken(f"{where}: {child.content}")
                if child.content:
                    yield Run(child.content, strong, chapter)
            case "softbreak":
                yield Run(" ", strong, chapter)
            case "strong_open" | "strong_close":
                strong = child.type == "strong_open"
            case "link_open":
                target = str(child.attrs["href"])
                if not target.startswith("#"):
                    raise Broken(f"{where}: a link to {target}")
                chapter = target[1:]
            case "link_close":
                chapter = ""
            case _:
                raise Broken(f"{where}: {child.type}")
