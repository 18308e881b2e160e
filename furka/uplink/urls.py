"""Addresses of the uplink; the same as in `furka.wire`."""

from django.urls import path

from furka.uplink import views

urlpatterns = [
    path("hub/hello", views.hub_hello),
    path("hub/plan", views.hub_plan),
    path("hub/report", views.hub_report),
    path("gateway/claim", views.gateway_claim),
    path("gateway/settings", views.gateway_settings),
    path("gateway/key", views.gateway_key),
    path("gateway/release", views.gateway_release),
    path("gateway/findings", views.gateway_findings),
    path("gateway/report", views.gateway_report),
]
