"""Addresses in the guide.

{% chapter_url "invite" %}           where that chapter of the guide stands, in whatever part
{% picture_url book "invite" %}      a picture of the guide
"""

from __future__ import annotations

from django import template

from furka.guide.book import Book, book
from furka.portal import guide

register = template.Library()


@register.simple_tag
def chapter_url(chapter: str) -> str:
    """Chapters have the same names in every language."""
    return guide.chapter_url(book("en"), chapter)


@register.simple_tag
def picture_url(of: Book, name: str) -> str:
    """A picture, in the language of the book."""
    return guide.picture_url(of, name)
