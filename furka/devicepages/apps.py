"""Registers the room with Django, what it keeps about people, and that pages end with the login."""

from django.apps import AppConfig


class DevicePages(AppConfig):
    """The room `devicepages`."""

    name = "furka.devicepages"
    label = "devicepages"

    def ready(self) -> None:
        from furka.devicepages import personal_data, with_login  # noqa: PLC0415  # only once all models are loaded

        personal_data.register_all()
        with_login.follow()
