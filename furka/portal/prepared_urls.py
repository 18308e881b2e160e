"""Addresses of the pages about prepared gateways."""

from __future__ import annotations

from django.urls import path

from furka.portal import prepared

_BATCH = "levels/<str:key>/gateways/<str:batch>/"

urlpatterns = [
    path("plug/<str:number>/", prepared.plug, name="plug"),
    path("levels/<str:key>/gateways/", prepared.gateways, name="level-gateways"),
    path(f"{_BATCH}labels.pdf", prepared.labels, name="level-gateway-labels"),
    path(f"{_BATCH}presets.csv", prepared.presets, name="level-gateway-presets"),
    path(f"{_BATCH}shipped/", prepared.shipped, name="level-gateways-shipped"),
    path("levels/<str:key>/gateways/<str:piece>/withdraw/", prepared.withdraw, name="level-gateway-withdraw"),
    path("levels/<str:key>/gateway/assign/", prepared.assign_here, name="level-gateway-assign"),
    path("levels/<str:key>/gateway/unassign/", prepared.unassign_here, name="level-gateway-unassign"),
]
