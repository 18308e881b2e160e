"""What libraries put on the screen in words that are not ours (du, ß, Mar for mar.): our catalogue says these.

A message id of ours wins over the same one of a library, so it is enough that they are collected.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

SENTENCES = (
    _("You must type the same password each time."),
    _("Ensure this value is greater than or equal to %(limit_value)s."),
)

#: Days as they stand in dates and hours of access: `mar. 24 nov. 2026`, `lun–ven`.
DAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
