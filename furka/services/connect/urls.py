"""Addresses of the pages of this service."""

from __future__ import annotations

from django.urls import path

from furka.services.connect import control_pages, device_page_views, pages, profile_views, session_pages

urlpatterns = [
    path("access/", pages.profiles, name="profiles"),
    path("access/new/", pages.create, name="profile-create"),
    path("access/<str:profile>/", profile_views.profile_page, name="profile-page"),
    path("access/<str:profile>/keys/", profile_views.renew, name="profile-renew"),
    path("access/<str:profile>/plant/", profile_views.plant, name="profile-plant"),
    path("access/<str:profile>/revoke/", pages.revoke, name="profile-revoke"),
    path("access/pages/<str:page>/close/", device_page_views.close, name="page-close"),
    path("levels/<str:key>/devices/<str:device>/page/", device_page_views.device_page, name="device-page"),
    path("access/confirmations/<str:confirmation>/end/", session_pages.end, name="confirmation-end"),
    path("levels/<str:key>/connect/", session_pages.session, name="confirm-connect"),
    path("levels/<str:key>/services/connect/", pages.service, name="connect"),
    path("levels/<str:key>/services/connect/why/", control_pages.why, name="connect-why"),
    path("levels/<str:key>/services/connect/why/try/", control_pages.try_it, name="connect-try"),
    path("levels/<str:key>/services/connect/zones/", control_pages.zone_view, name="connect-zones"),
]
