"""From worlds to entries, for what every service stands on: the ends of the tunnels and the way to the plants."""

from __future__ import annotations

from furka.plan.entries import (
    Door,
    DoorPort,
    Entry,
    Knock,
    NamedHost,
    Names,
    Page,
    Peer,
    Prefix,
    RealNetwork,
    TunnelEnd,
)
from furka.plan.world import NamesWorld, Opening, OpenPageEnd, ProfileEnd, SiteWorld, VisitWorld


def compile_site(world: SiteWorld) -> tuple[Entry, ...]:
    """The gateway's peer and the prefixes that lead to the site; nothing while there is no gateway."""
    if world.gateway is None:
        return ()
    virtual = tuple(sorted(pair.virtual for pair in world.networks))
    peer = Peer(
        name=world.gateway.name,
        end=TunnelEnd.GATEWAY,
        public_key=world.gateway.public_key,
        address=world.gateway.address,
        prefixes=virtual,
    )
    peers = [peer]
    if world.gateway.next_public_key:
        trial = {"public_key": world.gateway.next_public_key, "prefixes": (), "on_trial": True}
        peers.append(peer.model_copy(update=trial))
    return (*peers, *(Prefix(network=network, site=world.number) for network in virtual))


def compile_names(world: NamesWorld) -> tuple[Entry, ...]:
    """What the site and its devices are called; one entry, so that a large installation has no row per device."""
    hosts = tuple(NamedHost(label=label, address=address) for label, address in sorted(world.hosts))
    return (Names(site_name=world.name, site=world.number, labels=world.labels, hosts=hosts),)


def compile_profile(profile: ProfileEnd) -> tuple[Entry, ...]:
    """The peer of a person's device. It may connect to the hub; what it reaches is said by doors."""
    return (
        Peer(
            name=profile.name,
            end=TunnelEnd.PROFILE,
            public_key=profile.public_key,
            address=profile.address,
            sealed_preshared=profile.sealed_preshared,
        ),
    )


def compile_doors(world: VisitWorld) -> tuple[Entry, ...]:
    """A door for each end of a tunnel of the person, each part of the site and each interval."""
    return tuple(
        Door(
            profile=profile.name,
            site_name=world.site_name,
            address=profile.address,
            site=world.site_number,
            hosts=opening.hosts,
            ports=opening.ports,
            name=opening.name,
            not_before=interval.begins_at,
            not_after=interval.ends_at,
            lease_seconds=world.lease_seconds,
        )
        for profile in world.profiles
        for opening in world.openings
        if opening.hosts != () and opening.ports != ()
        for interval in opening.intervals
    )


def compile_real(world: VisitWorld) -> tuple[Entry, ...]:
    """For the person's devices that have the site at hand: its networks under their real addresses, once let in."""
    if not any(opening.intervals for opening in world.openings):
        return ()
    return tuple(
        RealNetwork(
            profile=profile.name,
            site_name=world.site_name,
            address=profile.address,
            network=pair.real,
            virtual=pair.virtual,
        )
        for profile in world.profiles
        if profile.name in world.at_hand_for
        for pair in world.networks
    )


def compile_knocks(world: VisitWorld) -> tuple[Entry, ...]:
    """For each yes that was not used yet, and each end of a tunnel of the person: where a first packet is noticed."""
    return tuple(
        Knock(
            name=yes.name,
            profile=profile.name,
            site_name=world.site_name,
            address=profile.address,
            site=world.site_number,
            not_before=yes.span.begins_at,
            not_after=yes.span.ends_at,
        )
        for profile in world.profiles
        for yes in world.unused
        if yes.span.ends_at is not None
    )


def compile_pages(world: VisitWorld) -> tuple[Entry, ...]:
    """For each page of a device that the person has open: its doors, to that device alone, and what the program beside
    the hub must know. Only what a part of the site that is open to the person holds is open."""
    entries: list[Entry] = []
    for page in world.pages:
        doors = [door for opening in world.openings for door in _doors_of_page(world, page, opening)]
        if doors:
            entries += [*doors, _page(page, doors)]
    return tuple(entries)


def _doors_of_page(world: VisitWorld, page: OpenPageEnd, opening: Opening) -> list[Door]:
    if opening.hosts is not None and page.device not in opening.hosts:
        return []
    ports = tuple(
        DoorPort(protocol="tcp", number=way.port)
        for way in page.ways
        if opening.ports is None
        or any((each.protocol, each.number) == ("tcp", way.port) for each in opening.ports)
    )
    spans = (interval.overlap(page.span) for interval in opening.intervals)
    return [
        Door(
            profile=page.name,
            site_name=world.site_name,
            address=page.address,
            site=world.site_number,
            hosts=(page.device,),
            ports=ports,
            name=opening.name,
            not_before=span.begins_at,
            not_after=span.ends_at,
            lease_seconds=world.lease_seconds,
        )
        for span in spans
        if span is not None and ports
    ]


def _page(page: OpenPageEnd, doors: list[Door]) -> Page:
    ports = {each.number for door in doors for each in door.ports or ()}
    return Page(
        name=page.name,
        label=page.label,
        ticket_hash=page.ticket_hash,
        ticket_until=page.ticket_until,
        address=page.address,
        device=page.device,
        known_as=page.known_as,
        ways=tuple(way for way in page.ways if way.port in ports),
        path=page.path,
        idle_seconds=page.idle_seconds,
        not_before=min(door.not_before for door in doors),
        not_after=max(door.not_after or page.span.begins_at for door in doors),
        language=page.language,
        title=page.title,
        back=page.back,
    )
