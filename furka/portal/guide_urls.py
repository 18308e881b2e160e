"""Addresses of the guide."""

from __future__ import annotations

from django.urls import path

from furka.portal import guide

urlpatterns = [
    path("", guide.guide, name="help"),
    path("<str:part>/", guide.guide_part, name="guide-part"),
    path("<str:language>.pdf", guide.guide_paper, name="guide-paper"),
]
