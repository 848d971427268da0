"""Puts the exchange that is measured into Django's tables."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, models
from rest_framework.authtoken.models import Token

from bench.django_site.models import (
    Account,
    AccountTree,
    Connection,
    Contact,
    Membership,
    MetroArea,
    MetroAreaNetwork,
    Pop,
    Port,
    PortReservation,
    ProductOffering,
    RoleAssignment,
)
from bench.exchange import Exchange
from peerhall.exchange.records import Record

_MODELS: dict[str, type[models.Model]] = {
    "metro-areas": MetroArea,
    "metro-area-networks": MetroAreaNetwork,
    "pops": Pop,
    "product-offerings": ProductOffering,
    "accounts": Account,
    "contacts": Contact,
    "role-assignments": RoleAssignment,
    "connections": Connection,
    "ports": Port,
    "port-reservations": PortReservation,
}


def seed(exchange: Exchange) -> str:
    """Makes the tables, fills them, and returns a token of the member whose view is measured."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    for kind, model in _MODELS.items():
        model.objects.bulk_create(_rows(model, exchange.of_kind(kind)), batch_size=500)
    accounts = Account.objects.all()
    AccountTree.objects.bulk_create(AccountTree(ancestor=account, account=account) for account in accounts)
    _assign_roles(exchange.of_kind("connections"))
    user = User.objects.create_user("member")
    Membership.objects.create(user=user, account_id=exchange.member)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return str(Token.objects.create(user=user).key)


def _rows(model: type[models.Model], records: Iterable[Record]) -> Iterator[models.Model]:
    """One row a document, of those of its members that the table has."""
    fields = [field for field in model._meta.concrete_fields if field.name != "created_at"]  # noqa: SLF001
    first = datetime.now(UTC) - timedelta(days=1)
    for number, record in enumerate(records):
        members: dict[str, Any] = {f.attname: record.body[f.name] for f in fields if f.name in record.body}
        yield model(created_at=first + timedelta(milliseconds=number), **members)


def _assign_roles(connections: Iterable[Record]) -> None:
    through = Connection.role_assignments.through
    through.objects.bulk_create(
        (
            through(connection_id=record.id, roleassignment_id=assignment)
            for record in connections
            for assignment in record.body["role_assignments"]
        ),
        batch_size=1000,
    )
