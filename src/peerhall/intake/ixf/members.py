"""From the members of an export to the documents they stand for: accounts, and what runs over their connections."""

from collections.abc import Iterator
from itertools import count

from peerhall.contract.validation import blank
from peerhall.exchange.claims import ADDRESS, Claim, Holder
from peerhall.exchange.records import Record
from peerhall.intake.identity import KEY, ORIGIN, is_imported, name_of
from peerhall.intake.ixf.connections import draft_connection
from peerhall.intake.ixf.export import Connection, Member
from peerhall.intake.ixf.networks import serves_as_route_server
from peerhall.intake.ixf.presences import draft_presences
from peerhall.intake.ixf.remarks import Topic
from peerhall.intake.ixf.scene import Scene
from peerhall.intake.ixf.stock import Draft, is_live


def draft_members(scene: Scene) -> None:
    """Notes all that the export has of its members: accounts, then what is in use, then what addresses to keep."""
    accounts: list[tuple[Member, Record]] = []
    for member in scene.export.members:
        if (account := _draft_account(scene, member)) is not None:
            accounts.append((member, account))
            scene.asns[account.id] = member.asn
    # What was kept for them is anybody's who uses it now; the rest is kept again below.
    for place, holder in list(scene.held.addresses.items()):
        if holder.document in scene.asns:
            del scene.held.addresses[place]
    for member, account in accounts:
        used: set[str] = set()
        for connection in member.connections:
            if not connection.is_active:
                continue
            if not connection.interfaces and not connection.presences:
                scene.stock.remarks.add(Topic.SKIPPED, member.title, "a connection without ports and LANs")
            else:
                _draft_active(scene, member, account, connection, used)
    for member, account in accounts:
        for connection in member.connections:
            if not connection.is_active:
                _keep_addresses(scene, member, account.id, connection)


def _draft_account(scene: Scene, member: Member) -> Record | None:
    """The member's account, or None when it must not have one; one that has the ASN already is its account."""
    key, document, stored = scene.stock.find_key("ixf", f"AS{member.asn}")
    if stored is None:
        others = [
            scene.stock.records[each] for each in scene.verified.get(member.asn, ()) if each in scene.stock.records
        ]
        live = [account for account in others if is_live(account)]
        if live:
            if len(live) > 1:
                text = f"{len(live)} accounts have the AS number; what is new goes to {name_of(live[0])}"
                scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
            return live[0]
    elif not is_live(stored):
        text = f"its account {name_of(stored)} was closed here; nothing of it is imported"
        scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
        return None
    name = member.name or f"AS{member.asn}"
    if len(name) > 80:
        scene.stock.remarks.add(Topic.TRUNCATED, member.title, "the name")
    says = {"name": name[:80].strip()}
    networks = {connection.ixp: None for connection in member.connections}
    body = {
        **blank("Account"),
        "id": document,
        "state": "production",
        "status": [],
        "asns": [],
        "discoverable": False,
        "metro_area_network_presence": list(
            dict.fromkeys(scene.places.network_of(scene.export.get_ixp(ixp)).id for ixp in networks)
        ),
        **says,
    }
    origin = scene.origins[next(iter(networks), scene.export.ixps[0].id)] if scene.origins else "ixf:unknown"
    return scene.stock.draft(Draft(Record(document, "accounts", body, {ORIGIN: origin, KEY: key}), says))


def _keep_addresses(scene: Scene, member: Member, account: str, connection: Connection) -> None:
    for lan, address in _own_addresses(scene, member, connection):
        holder = scene.held.addresses.setdefault((lan.id, address), Holder(account, account))
        if holder.document == account:
            scene.kept.setdefault(account, set()).add(Claim(ADDRESS, lan.id, address))
    addresses = [each.address for presence in connection.presences for each in presence.attachments]
    told = f"{connection.state}: {', '.join(addresses) or 'no addresses'}"
    scene.stock.remarks.add(Topic.INACTIVE, member.title, told)


def _draft_active(scene: Scene, member: Member, account: Record, exported: Connection, used: set[str]) -> None:
    attachments = [each for presence in exported.presences for each in presence.attachments]
    if attachments and all(serves_as_route_server(member, each) for each in attachments):
        scene.stock.remarks.add(Topic.SKIPPED, member.title, "a connection that is a route server's, not a member's")
        return
    stored = _recognise(scene, member, account, exported, used)
    if stored is None and (order := _find_order(scene, member, account, exported)) is not None:
        text = f"a connection with {order}: a config that was ordered here has that address"
        scene.stock.remarks.add(Topic.ELSEWHERE, member.title, text)
        return
    found = (
        _find_key(scene, member, account, exported, used)
        if stored is None
        else (str(stored.meta[KEY]), stored.id, stored)
    )
    key, document, stored = found
    if stored is not None and not is_live(stored):
        text = f"a connection with {key.split('/')[-1]}: it was ended here by an order ({stored.state})"
        scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
        return
    used.add(document)
    connection = draft_connection(scene, member, account, exported, key, document)
    draft_presences(scene, member, account, exported, connection)


def _recognise(scene: Scene, member: Member, account: Record, exported: Connection, used: set[str]) -> Record | None:
    """The imported connection that has one of these addresses already."""
    for _, config in _holders(scene, member, account, exported):
        if config is not None and is_imported(config):
            connection = scene.stock.records.get(config.body.get("connection") or "")
            if connection is not None and is_imported(connection) and connection.id not in used:
                return connection
    return None


def _find_order(scene: Scene, member: Member, account: Record, exported: Connection) -> str | None:
    """The first of these addresses that a config has which the account ordered."""
    return next(
        (
            address
            for address, config in _holders(scene, member, account, exported)
            if config is None or not is_imported(config)
        ),
        None,
    )


def _holders(
    scene: Scene, member: Member, account: Record, exported: Connection
) -> Iterator[tuple[str, Record | None]]:
    """Addresses that configs of the account hold, with the config where the import knows it."""
    for lan, address in _own_addresses(scene, member, exported):
        holder = scene.held.addresses.get((lan.id, address))
        if holder is not None and holder.account == account.id:
            yield address, scene.stock.records.get(holder.document)


def _find_key(
    scene: Scene, member: Member, account: Record, exported: Connection, used: set[str]
) -> tuple[str, str, Record | None]:
    """What a connection that is new goes by: its first address that is free, else a number."""
    for lan, address in _own_addresses(scene, member, exported):
        holder = scene.held.addresses.get((lan.id, address))
        if holder is None:
            found = scene.stock.find_key(account.id, f"connection/{lan.id}/{address}")
            if found[1] not in used:
                return found
    for number in count(1):
        found = scene.stock.find_key(account.id, f"connection/{scene.origins[exported.ixp]}/{number}")
        if found[1] not in used:
            return found
    raise AssertionError("unreachable")


def _own_addresses(scene: Scene, member: Member, exported: Connection) -> Iterator[tuple[Record, str]]:
    """The addresses of a connection that are the member's own, with the LAN they are on."""
    for presence in exported.presences:
        for attachment in presence.attachments:
            if not serves_as_route_server(member, attachment):
                yield scene.networks.lan_of(presence), attachment.address
