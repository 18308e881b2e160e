"""What sites and devices are called in the tunnel: given once, kept as long as they are called the same by people.

A name that somebody has written down must not lead elsewhere some day. So each is given to one thing and kept in a row,
and whatever is called the same later gets one that can be told apart by its key. Under the lock of the plans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from furka.dispatch.models import GivenName
from furka.manyrows import insert_all, update_all
from furka.plan.names import DOMAIN, free_name, label_of, spellings
from furka.plan.world import NamesWorld
from furka.sites.models import Device, Network
from furka.sites.spots import address_in
from furka.tree.models import Node

_REASON = "names are given in every plan"
#: So many names in one question to the database.
_AT_ONCE = 3000


def names_worlds(sites: Collection[Node]) -> dict[int, NamesWorld]:
    """The sites and their devices with their names, by the number of the site; names are given and taken back here."""
    ids = [site.pk for site in sites]
    networks: dict[int, list[Network]] = defaultdict(list)
    for network in Network.objects.everything(_REASON).filter(node__in=ids):
        networks[network.node_id].append(network)
    devices: dict[int, list[Device]] = defaultdict(list)
    for device in Device.objects.everything(_REASON).filter(node__in=ids).order_by("pk"):
        devices[device.node_id].append(device)
    given: dict[int, dict[str, GivenName]] = defaultdict(dict)
    for row in GivenName.objects.filter(site_id__in=ids):
        given[row.site_id][row.device] = row
    _name_sites(sites, given)
    found = {}
    for site in sites:
        theirs = given[site.pk]
        _name_devices(site.pk, devices[site.pk], theirs)
        hosts = []
        for device in devices[site.pk]:
            address = address_in(networks[site.pk], device)
            if address is not None:
                hosts.append((theirs[device.key].name, address))
        label, _, owner = theirs[""].name.partition(".")
        found[site.pk] = NamesWorld(site.key, site.pk, (label, owner), tuple(hosts))
    return found


def names_known(site_ids: Collection[int]) -> dict[tuple[int, str], str]:
    """The whole names that were given, by site and key of the device ("": the site itself)."""
    rows = list(GivenName.objects.filter(site_id__in=site_ids))
    zones = {row.site_id: f"{row.name}.{DOMAIN}" for row in rows if not row.device}
    return {
        (row.site_id, row.device): f"{row.name}.{zones[row.site_id]}" if row.device else zones[row.site_id]
        for row in rows
        if row.site_id in zones
    }


def forget_lost_names() -> None:
    """Sites that are gone for good leave theirs to others."""
    there = Node.objects.everything(_REASON).values("pk")
    GivenName.objects.exclude(site_id__in=there).delete()


def forget_names(site_ids: Collection[int]) -> None:
    """The sites are gone for good."""
    GivenName.objects.filter(site_id__in=site_ids).delete()


def _name_sites(sites: Iterable[Node], given: dict[int, dict[str, GivenName]]) -> None:
    """An owner may be called something else, and with it thousands of sites: their names are looked for together."""
    wanted = {}
    for site in sites:
        owner = site.customer or site.reseller
        rest = f".{label_of(owner.name if owner else '', 'plants')}"
        label = label_of(site.name, "site")
        row = given[site.pk].get("")
        if row is None or row.base != f"{label}{rest}":
            wanted[site] = (label, rest)
    holders = _holders(
        f"{each}{rest}" for site, (label, rest) in wanted.items() for each in spellings(label, site.key)
    )
    fresh: list[GivenName] = []
    known: list[GivenName] = []
    for site, (label, rest) in wanted.items():
        row = given[site.pk].get("") or GivenName(site_id=site.pk)
        taken = {f"{each}{rest}" for each in spellings(label, site.key)} & holders.keys()
        name = free_name(label, rest, site.key, {each for each in taken if holders[each] != site.pk})
        if holders.get(row.name) == site.pk:
            del holders[row.name]  # what follows may take it
        holders[name] = site.pk
        row.base, row.name = f"{label}{rest}", name
        given[site.pk][""] = row
        (fresh if row.pk is None else known).append(row)
    update_all(known, ["base", "name"])  # one by one, as they were given: a name goes before it comes again
    insert_all(fresh)


def _holders(names: Iterable[str]) -> dict[str, int]:
    """Which sites have one of these names."""
    ordered = sorted(set(names))
    batches = (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))
    rows = (GivenName.objects.filter(device="", name__in=batch) for batch in batches)
    return dict(pair for batch in rows for pair in batch.values_list("name", "site_id"))


def _name_devices(site_id: int, devices: Iterable[Device], given: dict[str, GivenName]) -> None:
    labels = {device.key: label_of(device.name, device.kind) for device in devices}
    for key in [key for key in given if key and key not in labels]:
        given.pop(key).delete()
    renamed = {key for key, label in labels.items() if key not in given or given[key].base != label}
    taken = {row.name for key, row in given.items() if key and key not in renamed}
    for key in (key for key in labels if key in renamed):
        row = given.get(key)
        if row is not None:
            row.delete()  # so that what follows may take its name
        name = free_name(labels[key], "", key, taken)
        taken.add(name)
        given[key] = _give(GivenName(site_id=site_id, device=key), labels[key], name)


def _give(row: GivenName, base: str, name: str) -> GivenName:
    row.base, row.name = base, name
    row.save()
    return row
