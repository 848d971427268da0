"""What a caller sees, and the operations that are measured."""

from django.db.models import Prefetch, Q
from rest_framework import mixins, viewsets
from rest_framework.filters import BaseFilterBackend

from bench.django_site.models import Account, AccountTree, Connection, Contact, Port, PortReservation, RoleAssignment
from bench.django_site.serializers import ConnectionSerializer, ContactSerializer


class Equality(BaseFilterBackend):
    """The view's filter fields as query parameters."""

    def filter_queryset(self, request, queryset, view):
        given = {name: request.query_params[name] for name in view.filter_fields if name in request.query_params}
        return queryset.filter(**given)


class Scoped(viewsets.GenericViewSet):
    """Objects that one of the caller's accounts manages or uses."""

    filter_backends = (Equality,)
    filter_fields: tuple[str, ...] = ()

    def tree(self):
        return AccountTree.objects.filter(ancestor=self.request.user.membership.account_id).values("account")

    def accounts(self):
        return Account.objects.filter(id__in=self.tree())

    def get_queryset(self):
        tree = self.tree()
        return super().get_queryset().filter(Q(managing_account__in=tree) | Q(consuming_account__in=tree))


class Connections(mixins.ListModelMixin, mixins.RetrieveModelMixin, Scoped):
    """Reads of connections."""

    queryset = Connection.objects.exclude(state="archived").prefetch_related(
        Prefetch("ports", Port.objects.only("id", "connection_id")),
        Prefetch("port_reservations", PortReservation.objects.only("id", "connection_id")),
        Prefetch("role_assignments", RoleAssignment.objects.only("id")),
    )
    serializer_class = ConnectionSerializer
    filter_fields = ("state", "pop", "metro_area_network", "external_ref")


class Contacts(mixins.CreateModelMixin, Scoped):
    """New contacts."""

    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
