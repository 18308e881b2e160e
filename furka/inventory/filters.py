"""Which sites and customers of a level are meant: what somebody chose above a list, as a value and as a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from furka.access.rights import LOOK
from furka.catalogue.models import ServiceChoice
from furka.catalogue.service import services_at
from furka.finding.queries import at_levels, holding
from furka.particulars.queries import carries
from furka.sites.lists import STATES, sites_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.queries import below, children

#: Longer texts nobody types into a search.
LONGEST = 200

#: The orders of the list of sites: the word in the address → columns, none of them null, together unique. By state the
#: sites of each state follow one another.
SITE_ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("sort_key", "id"),
    "state": ("sort_key", "id"),
    "customer": ("owner_key", "sort_key", "id"),
    "new": ("-created_at", "-id"),
}
CUSTOMER_ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("sort_key", "id"),
    "sites": ("-site_count", "sort_key", "id"),
    "new": ("-created_at", "-id"),
}

_NARROWED = "joined to levels that the one who acts may see"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose above a list; what means nothing there is left out."""

    q: str = ""
    state: str = ""
    service: str = ""  # a service that is switched on; with `-` before it, one that is not
    label: str = ""
    customer: str = ""  # the key of a customer
    attention: str = ""
    archived: str = ""
    sort: str = ""

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Chosen:
        """From the parameters of an address or the fields of a form."""
        texts = {each.name: " ".join(str(given.get(each.name) or "").split()) for each in fields(cls)}
        known = {key for service in services_at(Kind.SITE) for key in (service.key, f"-{service.key}")}
        return cls(
            q=texts["q"][:LONGEST],
            state=texts["state"] if texts["state"] in STATES else "",
            service=texts["service"] if texts["service"] in known else "",
            label=texts["label"][:60],
            customer=texts["customer"]
            if texts["customer"].isalnum() and len(texts["customer"]) == 12
            else "",
            attention="1" if texts["attention"] else "",
            archived="1" if texts["archived"] else "",
            sort=texts["sort"] if texts["sort"] in {**SITE_ORDERS, **CUSTOMER_ORDERS} else "",
        )

    @property
    def as_query(self) -> str:
        """The same as the query of an address."""
        return urlencode({each.name: value for each in fields(self) if (value := getattr(self, each.name))})

    @property
    def narrows(self) -> bool:
        """Whether anything but the order was chosen."""
        return any(getattr(self, each.name) for each in fields(self) if each.name != "sort")

    @property
    def site_order(self) -> tuple[str, ...]:
        """The columns of the order of sites."""
        return SITE_ORDERS.get(self.sort, SITE_ORDERS["name"])

    @property
    def customer_order(self) -> tuple[str, ...]:
        """The columns of the order of customers."""
        return CUSTOMER_ORDERS.get(self.sort, CUSTOMER_ORDERS["name"])


def sites_chosen(by: Acting, node: Node, chosen: Chosen) -> QuerySet[Node]:
    """The sites below a level that fit; with the `owner_key` of their customer if they are put in order by it."""
    rows: QuerySet[Node] = sites_of(by, node, state=chosen.state, attention=bool(chosen.attention)).filter(
        archived_at__isnull=not chosen.archived
    )
    if chosen.sort == "customer":
        rows = rows.annotate(owner_key=F("parent__sort_key"))
    if chosen.customer:
        rows = rows.filter(customer__key=chosen.customer)
    if chosen.service:
        rows = rows.filter(_switched(chosen.service))
    if chosen.label:
        rows = rows.filter(carries(chosen.label))
    if chosen.q:
        rows = rows.filter(_holds(by, chosen.q, ("pk", "customer_id")))
    return rows


def near_owners(
    node: Node, rows: QuerySet[Node], key: str | None, most: int, *, backwards: bool = False
) -> QuerySet[Node]:
    """Of sites below a level in the order of their owners, those that can be among the next `most` behind an owner's
    key: of so many owners each has one at least. So a page is read without putting all sites in order."""
    owners = Node.objects.everything(_NARROWED).filter(
        below(node), kind__in=[Kind.RESELLER, Kind.CUSTOMER], deleted_at=None
    )
    behind, until = ("lt", "gte") if backwards else ("gt", "lte")
    ahead = owners if key is None else owners.filter(**{f"sort_key__{behind}": key})
    ahead = ahead.filter(Exists(rows.order_by().filter(parent=OuterRef("pk")).values("pk")))
    last = list(
        ahead.order_by("-sort_key" if backwards else "sort_key").values_list("sort_key", flat=True)[
            most - 1 : most
        ]
    )
    if key is not None:
        owners = owners.filter(**{f"sort_key__{behind}e": key})
    if last:
        owners = owners.filter(**{f"sort_key__{until}": last[0]})
    return rows.filter(parent__in=owners.order_by().values("pk"))


def customers_chosen(by: Acting, node: Node, chosen: Chosen, *, directly: bool = True) -> QuerySet[Node]:
    """The customers below a level that fit, with their `site_count`; of the operator: what hangs on it directly, or
    every customer."""
    if node.kind == Kind.OPERATOR and directly:
        kinds = [Kind.RESELLER, Kind.CUSTOMER]
        rows: QuerySet[Node] = Node.objects.visible_to(by, LOOK).filter(parent_id=node.pk, kind__in=kinds)
    else:
        rows = children(by, node, Kind.CUSTOMER)
    rows = rows.filter(archived_at__isnull=not chosen.archived)
    if chosen.label:
        rows = rows.filter(carries(chosen.label))
    if chosen.q:
        rows = rows.filter(_holds(by, chosen.q, ("pk",)))
    below = Node.objects.everything(_NARROWED).filter(
        Q(customer_id=OuterRef("pk")) | Q(reseller_id=OuterRef("pk")), kind=Kind.SITE, deleted_at=None
    )
    count = below.order_by().values("kind").annotate(count=Count("pk")).values("count")
    return rows.annotate(site_count=Coalesce(Subquery(count), 0))


def _switched(word: str) -> Q:
    """The condition on sites at which a service is switched on, or off."""
    key = word.removeprefix("-")
    is_on = next(each for each in services_at(Kind.SITE) if each.key == key).settings().enabled
    rows = ServiceChoice.objects.everything(_NARROWED).filter(node=OuterRef("pk"), service=key)
    differs = Exists(rows.filter(settings__enabled=not is_on))
    return Q(differs) if is_on == word.startswith("-") else ~Q(differs)


def _holds(by: Acting, text: str, columns: tuple[str, ...]) -> Q:
    """The condition on levels at which something holds the text, or whose customer does."""
    own, rows = at_levels(by, text, shortest=1), holding(by, text, shortest=1)
    if own is None or rows is None:
        return Q()
    found = Q(**{f"{columns[0]}__in": own.values("node_id")})
    for column in columns[1:]:
        above = rows.filter(what="level", node__kind=Kind.CUSTOMER)
        found |= Q(**{f"{column}__in": above.values("node_id")})
    return found
