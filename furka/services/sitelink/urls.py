"""Addresses of the pages of this service."""

from __future__ import annotations

from django.urls import path

from furka.services.sitelink import address_pages, device_pages, member_pages, pages, rule_pages

_LEVEL = "levels/<str:key>"
_LINK = f"{_LEVEL}/links/<str:site_link>"

urlpatterns = [
    path(f"{_LEVEL}/links/", pages.links, name="level-links"),
    path(f"{_LEVEL}/links/new/", pages.new, name="level-link-new"),
    path(f"{_LEVEL}/links/switch/", pages.switch, name="level-links-switch"),
    path(f"{_LEVEL}/addresses/", address_pages.register, name="level-addresses"),
    path(f"{_LEVEL}/in-links/<str:member>/leave/", member_pages.leave_link, name="site-leave-link"),
    path(f"{_LINK}/", pages.link, name="level-link"),
    path(f"{_LINK}/settings/", pages.settings, name="link-settings"),
    path(f"{_LINK}/pause/", pages.pause, name="link-pause"),
    path(f"{_LINK}/resume/", pages.resume, name="link-resume"),
    path(f"{_LINK}/delete/", pages.delete, name="link-delete"),
    path(f"{_LINK}/sites/add/", member_pages.add, name="link-member-add"),
    path(f"{_LINK}/sites/<str:member>/", member_pages.member, name="link-member"),
    path(f"{_LINK}/sites/<str:member>/change/", member_pages.change, name="link-member-change"),
    path(f"{_LINK}/sites/<str:member>/remove/", member_pages.remove, name="link-member-remove"),
    path(f"{_LINK}/rules/", rule_pages.rules, name="link-rules"),
    path(f"{_LINK}/rules/new/", rule_pages.new, name="link-rule-new"),
    path(f"{_LINK}/rules/<str:rule>/remove/", rule_pages.remove, name="link-rule-remove"),
    path(f"{_LINK}/devices/", device_pages.devices, name="link-devices"),
    path(f"{_LINK}/devices/add/", device_pages.add, name="link-device-add"),
    path(f"{_LINK}/devices/<str:mapped>/remove/", device_pages.remove, name="link-device-remove"),
    path(f"{_LINK}/renumber/", device_pages.renumber_link, name="link-renumber"),
]
