"""What goes in and out."""

from django.core.validators import RegexValidator
from rest_framework import serializers

from bench.django_site.models import Account, Connection, Contact

_TELEPHONE = RegexValidator(r"^\+[0-9](?:[ ()./-]*[0-9]){4,14}$")


class ConnectionSerializer(serializers.ModelSerializer):
    """A connection with the ids of all it names and of all that name it."""

    ports = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    port_reservations = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Connection
        fields = (
            "id",
            "state",
            "status",
            "decommission_at",
            "charged_until",
            "current_billing_start_date",
            "managing_account",
            "consuming_account",
            "external_ref",
            "purchase_order",
            "contract_ref",
            "billing_account",
            "role_assignments",
            "mode",
            "lacp_timeout",
            "name",
            "product_offering",
            "ports",
            "port_reservations",
            "port_quantity",
            "pop",
            "metro_area",
            "metro_area_network",
            "speed",
            "capacity_allocated",
            "capacity_allocation_limit",
            "vlan_types",
            "outer_vlan_ethertypes",
            "subscriber_side_demarcs",
        )


class ContactSerializer(serializers.ModelSerializer):
    """A contact of one of the accounts that the caller acts for."""

    managing_account = serializers.PrimaryKeyRelatedField(queryset=Account.objects.all())
    consuming_account = serializers.PrimaryKeyRelatedField(queryset=Account.objects.all())
    telephone = serializers.CharField(max_length=40, validators=[_TELEPHONE], allow_null=True, required=False)

    class Meta:
        model = Contact
        fields = ("id", "managing_account", "consuming_account", "external_ref", "name", "telephone", "email")

    def get_fields(self):
        fields = super().get_fields()
        usable = self.context["view"].accounts()
        for member in ("managing_account", "consuming_account"):
            fields[member].queryset = usable
        return fields
