"""The last of all apps: when it is ready, everything that belongs to this installation is present."""

from django.apps import AppConfig


class Complete(AppConfig):
    """Closes what may only grow at the start."""

    name = "furka.config"
    label = "config"

    def ready(self) -> None:
        from furka.access.rights import RIGHTS  # noqa: PLC0415  # with the rights of all services in it

        RIGHTS.close()
