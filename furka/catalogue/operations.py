"""Settings of services: read and changed at the level where the service is configured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from furka.access.rights import LOOK, SERVICES
from furka.catalogue.models import ServiceChoice
from furka.catalogue.service import ServiceSettings, service
from furka.errors import Invalid
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.operation import AccessTouched, Work, operation


def settings_at(by: Acting, node: Node, key: str) -> ServiceSettings:
    """What a service is set to at a node."""
    row = ServiceChoice.objects.visible_to(by, LOOK).filter(node=node, service=key).first()
    return service(key).settings.model_validate(row.settings if row else {})


@operation(SERVICES)
def configure(work: Work, node: Node, key: str, changes: Mapping[str, Any]) -> ServiceSettings:
    """Change settings of a service at a node; what is not named stays."""
    chosen = service(key)
    if Kind(node.kind) not in chosen.levels:
        raise Invalid("wrong-level", _("This service is not configured here."))
    rows = ServiceChoice.objects.everything("the right was decided on the node").select_for_update()
    row = rows.filter(node=node, service=key).first()
    before = chosen.settings.model_validate(row.settings if row else {})
    try:
        after = chosen.settings.model_validate({**before.model_dump(mode="json"), **changes})
    except ValidationError as error:
        fields = {".".join(map(str, fault["loc"])): [fault["msg"]] for fault in error.errors()}
        raise Invalid("settings-wrong", _("Some settings are wrong."), fields) from None
    if after == before:
        return after
    stored = {"settings": after.model_dump(mode="json"), "changed_at": work.at}
    ServiceChoice.objects.everything("the right was decided on the node").update_or_create(
        node=node, service=key, defaults=stored
    )
    work.touch(AccessTouched(None, node.pk))
    work.record(
        node, f"{key}.configured", before=before.model_dump(mode="json"), after=after.model_dump(mode="json")
    )
    return after
