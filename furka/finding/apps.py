"""Registers the room with Django; what can be found follows every change of what it says."""

from typing import Any

from django.apps import AppConfig


class Finding(AppConfig):
    """The room `finding`."""

    name = "furka.finding"
    label = "finding"

    def ready(self) -> None:
        from django.db.models.signals import post_save  # noqa: PLC0415  # only once all models are loaded

        from furka.finding import index, levels  # noqa: F401, PLC0415
        from furka.people.models import Person  # noqa: PLC0415
        from furka.tree.operation import settle_with  # noqa: PLC0415

        settle_with(index.settle)

        def follow(instance: Person, created: bool, update_fields: Any = None, **_more: object) -> None:
            if not created and (update_fields is None or {"name", "email"} & set(update_fields)):
                index.follow_person(instance.pk)

        # Accounts lie below the tree and know no operations on it: their changes are noticed here.
        post_save.connect(follow, sender=Person, weak=False, dispatch_uid="finding follows people")
