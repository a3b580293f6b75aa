"""Which lists read columns instead of models, which do not and why: written here once more, apart from the code."""

import pytest

from accounts.api.access_rules import RuleFindingSerializer
from accounts.api.bulk_jobs import BulkItemSerializer
from accounts.api.rows import NeedsModels, Rows
from accounts.api.webhooks import WebhookDeliverySerializer
from config.api import router

# Resource → why its rows must be models.
BY_MODELS = {
    "bulk-jobs": "percent is no column",
    "external-stores": "has_secret is computed from the model",
    "identity-providers": "redirect_address is computed from the model",
    "index-series": "link is a related row",
    "intakes": "sender is computed from the model",
    "key-rotations": "steps is a related row",
    "offers": "compared is computed from the model",
    "retention-nights": "beyond is a related row",
    "switching-cases": "acts is a related row",
}
RESOURCES = {prefix: view for prefix, view, _basename in router.registry}


def serializer_of(view):
    """Return what a resource's list is serialized by."""
    return view(action="list").get_serializer_class()


def fast_serializers():
    """Return every serializer of lists that is read as columns, with the resource or list that it belongs to."""
    found = {name: serializer_of(view) for name, view in RESOURCES.items() if name not in BY_MODELS}
    return found | {
        "findings of a rule": RuleFindingSerializer,
        "failures of a job": BulkItemSerializer,
        "deliveries to an endpoint": WebhookDeliverySerializer,
    }


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_list_reads_columns_unless_it_is_written_here_why_not(name):
    try:
        Rows(serializer_of(RESOURCES[name]))
        reason = None
    except NeedsModels as error:
        reason = str(error)
    assert reason == BY_MODELS.get(name), "declare a method with accounts.api.rows.computed, or write the reason here"


def test_the_reasons_are_of_resources_that_exist():
    assert BY_MODELS.keys() <= RESOURCES.keys()


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_no_filter_has_a_default(name):
    """A call without filters is spared the form (accounts/api/filtering.py), so it must change nothing."""
    view = RESOURCES[name](action="list", request=None)
    queryset = serializer_of(RESOURCES[name]).Meta.model.objects.order_by("pk")
    for backend in view.filter_backends:
        filters = backend().get_filterset_class(view, queryset)
        if filters is not None:
            asked = filters(data={}, queryset=queryset)
            assert asked.is_valid() and str(asked.qs.query) == str(queryset.query)
