"""Registers the room with Django."""

from django.apps import AppConfig


class Account(AppConfig):
    """The room `account`."""

    name = "furka.account"
    label = "own_account"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in  # noqa: PLC0415  # needs its models, which are ready now

        from furka.account.sessions import note_login  # noqa: PLC0415

        user_logged_in.connect(note_login, dispatch_uid="furka.account.note_login")
