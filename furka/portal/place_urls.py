"""Addresses of the pages about where levels belong, and of what was deleted."""

from __future__ import annotations

from django.urls import path

from furka.portal import level_endings, level_moves, offers

urlpatterns = [
    path("levels/<str:key>/move/", level_moves.move_level, name="level-move"),
    path("levels/<str:key>/take-over/", level_moves.take_over, name="level-take-over"),
    path("levels/<str:key>/leave/", level_moves.leave, name="level-leave"),
    path("levels/<str:key>/archive/", level_endings.archive_level, name="level-archive"),
    path("levels/<str:key>/delete/", level_endings.delete_level, name="level-delete"),
    path("levels/<str:key>/bin/", level_endings.level_bin, name="level-bin"),
    path("bin/", level_endings.own_bin, name="bin"),
    path("bin/<str:deleted>/restore/", level_endings.restore_level, name="restore"),
    path("moves/<str:offer>/", offers.show_offer, name="move-offer"),
    path("moves/<str:offer>/decline/", offers.decline_offer, name="move-decline"),
    path("moves/<str:made>/withdraw/", offers.withdraw_offer, name="move-withdraw"),
]
