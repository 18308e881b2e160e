"""Claims with a code that no longer works are put into the record of the site that it belonged to: somebody at the
plant makes a mistake, or somebody got hold of the code."""

from __future__ import annotations

from furka.sites.models import ClaimCode
from furka.tree.operation import Work, own_operation
from furka.tree.texts import one_line
from furka.vault import fingerprint, fingerprints, read_code

#: Of one code so many refusals within so many seconds are noted; more say nothing new.
MOST_NOTED, WITHIN = 5, 3600

#: Why a claim was refused, as far as the site has to hear of it.
WORTH_NOTING = frozenset({"code-used", "code-expired"})


def counted_as(code: str) -> str:
    """Under which name the refusals of a code are counted."""
    return f"claim {fingerprint(read_code(code))}"


@own_operation("somebody shows a code that does not work any more; that is all there is to note")
def note(work: Work, code: str, hostname: str, because: str) -> None:
    """Tell the site of it."""
    found = ClaimCode.objects.everything("a code is shown").filter(
        code_hash__in=fingerprints(read_code(code))
    )
    claim = found.select_related("node", "node__reseller", "node__customer").first()
    if claim is not None and claim.node.deleted_at is None:
        work.record(
            claim.node,
            "gateway.claim-refused",
            after={"hostname": one_line(hostname)[:100], "refused": because},
        )
