"""Addresses of the state of the cloud."""

from __future__ import annotations

from django.urls import path

from furka.portal import cloud, cloud_incidents, health, metrics

urlpatterns = [
    path("metrics", metrics.metrics, name="metrics"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("health/worker", health.looked_after, name="health-worker"),
    path("cloud/", cloud.cloud, name="cloud"),
    path("cloud/history/", cloud_incidents.history, name="cloud-history"),
    path("cloud/incidents/<str:incident>/", cloud_incidents.incident, name="incident"),
    path("status/", cloud.public_status, name="public-status"),
    path("levels/<str:key>/cloud/", cloud.level_cloud, name="level-cloud"),
    path("levels/<str:key>/cloud/incidents/<str:incident>/say/", cloud_incidents.say, name="incident-say"),
    path(
        "levels/<str:key>/cloud/incidents/<str:incident>/explain/",
        cloud_incidents.explain,
        name="incident-explain",
    ),
]
