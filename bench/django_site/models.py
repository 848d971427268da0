"""Accounts, places, contacts, connections and ports as tables with foreign keys."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Identified(models.Model):
    """What is named by a random id and listed in the order it came."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        abstract = True
        ordering = ("created_at",)


class Account(Identified):
    managing_account = models.ForeignKey("self", models.PROTECT, null=True)
    name = models.CharField(max_length=80)


class Membership(models.Model):
    """Which account a user acts for."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    account = models.ForeignKey(Account, models.CASCADE)


class AccountTree(models.Model):
    """Each account with itself and all accounts above it."""

    ancestor = models.ForeignKey(Account, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")


class MetroArea(Identified):
    display_name = models.CharField(max_length=64)


class MetroAreaNetwork(Identified):
    name = models.CharField(max_length=32)
    metro_area = models.ForeignKey(MetroArea, models.PROTECT)


class Pop(Identified):
    name = models.CharField(max_length=40)
    metro_area_network = models.ForeignKey(MetroAreaNetwork, models.PROTECT)


class ProductOffering(Identified):
    name = models.CharField(max_length=160)


class Owned(Identified):
    """What somebody manages and somebody uses."""

    managing_account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    consuming_account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    external_ref = models.CharField(max_length=128, null=True)

    class Meta(Identified.Meta):
        abstract = True


class Contact(Owned):
    name = models.CharField(max_length=128, null=True)
    telephone = models.CharField(max_length=40, null=True)
    email = models.EmailField(max_length=80, null=True)


class RoleAssignment(Identified):
    role = models.UUIDField()
    contact = models.ForeignKey(Contact, models.PROTECT)


class Connection(Owned):
    """Speed and capacities in Mbit/s."""

    state = models.CharField(max_length=40)
    status = models.JSONField(default=list)
    decommission_at = models.DateField(null=True)
    charged_until = models.DateField(null=True)
    current_billing_start_date = models.DateField(null=True)
    purchase_order = models.CharField(max_length=80, null=True)
    contract_ref = models.CharField(max_length=128, null=True)
    billing_account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    role_assignments = models.ManyToManyField(RoleAssignment)
    mode = models.CharField(max_length=20)
    lacp_timeout = models.CharField(max_length=10, null=True)
    name = models.CharField(max_length=80)
    product_offering = models.ForeignKey(ProductOffering, models.PROTECT)
    port_quantity = models.IntegerField()
    pop = models.ForeignKey(Pop, models.PROTECT)
    metro_area = models.ForeignKey(MetroArea, models.PROTECT)
    metro_area_network = models.ForeignKey(MetroAreaNetwork, models.PROTECT)
    speed = models.IntegerField()
    capacity_allocated = models.IntegerField()
    capacity_allocation_limit = models.IntegerField(null=True)
    vlan_types = ArrayField(models.CharField(max_length=20))
    outer_vlan_ethertypes = ArrayField(models.CharField(max_length=10))
    subscriber_side_demarcs = ArrayField(models.TextField())


class Port(Identified):
    name = models.CharField(max_length=80)
    pop = models.ForeignKey(Pop, models.PROTECT)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="ports")


class PortReservation(Identified):
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="port_reservations")
    port = models.ForeignKey(Port, models.PROTECT)
