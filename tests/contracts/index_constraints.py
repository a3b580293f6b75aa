"""An example that breaks each constraint of the tables of price indices, and only it."""

import uuid
from datetime import date
from decimal import Decimal

from contracts.models import IndexLink, IndexSeries, IndexValue
from tests.contracts.indices import an_index


def changed(model, **values):
    """Change the first row of a table."""

    def change(_found):
        an_index()
        first = model.objects.order_by("pk").first()
        model.objects.filter(pk=first.pk).update(
            **{name: value(first) if callable(value) else value for name, value in values.items()}
        )

    return change


def copied(model, **values):
    """Insert the first row of a table again, with other values."""

    def insert(_found):
        an_index()
        row = model.objects.order_by("pk").first()
        row.pk, row._state.adding = None, True
        for name, value in values.items():
            setattr(row, name, value)
        row.save(force_insert=True)

    return insert


EXAMPLES = {
    "contracts_indexseries_public_id_key": copied(IndexSeries, code="OTHER"),
    "index_series_code_once": copied(IndexSeries, public_id=uuid.uuid4()),
    "index_series_periodicity_known": changed(IndexSeries, periodicity="year"),
    "index_series_country_is_iso": changed(IndexSeries, country="fr"),
    "index_series_delay_at_least_a_month": changed(IndexSeries, longest_delay_months=0),
    "contracts_indexvalue_public_id_key": copied(IndexValue, period=date(2025, 10, 1)),
    "index_value_once": copied(IndexValue, public_id=uuid.uuid4()),
    "index_value_above_zero": changed(IndexValue, value=Decimal(0)),
    "index_value_period_begins_a_month": changed(IndexValue, period=date(2025, 11, 2)),
    "index_value_published_after_its_period_began": changed(IndexValue, published_on=date(2025, 10, 31)),
    "contracts_indexlink_public_id_key": lambda _found: _second_link(),
    "index_link_coefficient_above_zero": changed(IndexLink, coefficient=Decimal(0)),
    "index_link_leads_elsewhere": changed(IndexLink, new_series=lambda link: link.old_series_id),
    "index_link_begins_a_month": changed(IndexLink, from_period=date(2025, 12, 15)),
}


def _second_link():
    an_index()
    row = IndexLink.objects.get()
    row.pk, row._state.adding = None, True
    row.old_series, row.new_series = row.new_series, row.old_series
    row.save(force_insert=True)
