"""Addresses of the pages about what people note about levels."""

from __future__ import annotations

from django.urls import path

from furka.portal import level_map, particulars

urlpatterns = [
    path("levels/<str:key>/map/", level_map.level_map, name="level-map"),
    path("levels/<str:key>/particulars/", particulars.particulars, name="level-particulars"),
    path("levels/<str:key>/contacts/new/", particulars.new_contact, name="level-contact-new"),
    path("levels/<str:key>/contacts/<str:contact>/", particulars.change_contact, name="level-contact"),
    path(
        "levels/<str:key>/contacts/<str:contact>/remove/",
        particulars.drop_contact,
        name="level-contact-remove",
    ),
]
