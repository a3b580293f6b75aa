"""Price indices, for the whole vendor: a series, its values with their corrections, the link to its successor."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contracts import labels
from contracts.enums import IndexPeriodicity


class IndexSeries(models.Model):
    """A published index that contracts name. A closed one gets no further values: a link leads to its successor."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    publisher = models.CharField(_("publisher"), max_length=200)
    country = models.CharField(_("country"), max_length=2)
    unit = models.CharField(_("unit"), max_length=80, blank=True, help_text=_("Such as 2015 = 100"))
    periodicity = models.CharField(_("one value per"), max_length=8, choices=labels.INDEX_PERIODICITY)
    longest_delay_months = models.PositiveSmallIntegerField(
        _("longest delay (months)"),
        help_text=_("A latest value whose period began longer ago counts as missing: nobody guesses"),
    )
    closed = models.BooleanField(_("closed"), default=False)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("index series")
        verbose_name_plural = _("index series")
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="contracts_indexseries_public_id_key"),
            models.UniqueConstraint(fields=["code"], name="index_series_code_once"),
            models.CheckConstraint(
                condition=Q(periodicity__in=[word.value for word in IndexPeriodicity]),
                name="index_series_periodicity_known",
            ),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="index_series_country_is_iso"),
            models.CheckConstraint(
                condition=Q(longest_delay_months__gte=1), name="index_series_delay_at_least_a_month"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class IndexValue(models.Model):
    """The value of one month or quarter, as published. A correction is a row of its own; the older one stays."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    series = models.ForeignKey(IndexSeries, models.PROTECT, related_name="values", verbose_name=_("series"))
    period = models.DateField(_("period"), help_text=_("First day of the month or quarter"))
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=8)
    published_on = models.DateField(_("published on"))
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))
    superseded_at = models.DateTimeField(_("superseded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("index value")
        verbose_name_plural = _("index values")
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="contracts_indexvalue_public_id_key"),
            models.UniqueConstraint(
                fields=["series", "period"], condition=Q(superseded_at__isnull=True), name="index_value_once"
            ),
            models.CheckConstraint(condition=Q(value__gt=0), name="index_value_above_zero"),
            models.CheckConstraint(condition=Q(period__day=1), name="index_value_period_begins_a_month"),
            models.CheckConstraint(
                condition=Q(published_on__gte=F("period")), name="index_value_published_after_its_period_began"
            ),
        ]
        indexes = [models.Index(fields=["series", "recorded_at"], name="index_value_by_recording")]

    def __str__(self) -> str:
        return f"{self.series_id} {self.period}"


class IndexLink(models.Model):
    """The series that replaces a closed one: a value of the new series × ``coefficient`` is one of the old series."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    old_series = models.OneToOneField(IndexSeries, models.PROTECT, related_name="link", verbose_name=_("old series"))
    new_series = models.ForeignKey(IndexSeries, models.PROTECT, related_name="+", verbose_name=_("new series"))
    coefficient = models.DecimalField(_("coefficient"), max_digits=14, decimal_places=8)
    from_period = models.DateField(_("from period"), help_text=_("First day of the first month or quarter it is for"))
    recorded_by = models.CharField(_("recorded by"), max_length=80)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("index link")
        verbose_name_plural = _("index links")
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="contracts_indexlink_public_id_key"),
            models.CheckConstraint(condition=Q(coefficient__gt=0), name="index_link_coefficient_above_zero"),
            models.CheckConstraint(condition=~Q(old_series=F("new_series")), name="index_link_leads_elsewhere"),
            models.CheckConstraint(condition=Q(from_period__day=1), name="index_link_begins_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.old_series_id} → {self.new_series_id}"
