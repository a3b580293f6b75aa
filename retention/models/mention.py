"""Searches of what other people wrote, for those whom an erasure is about: opened under the keys of who wrote it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.db.fields import TenantForeignKey, TenantModel, tenant_keys
from accounts.models import Document
from retention.enums import ScanState
from retention.models.request import DeletionRequest


class MentionScan(TenantModel):
    """One search for the people of a request in the content of everybody else of their organization.

    ``rows`` names, store by store, the rows in which one of them is named (internal keys, the first ten thousand);
    ``found`` counts all of them. ``unreadable`` did not open. ``taken_at``: the client decided that these rows go with
    the people. The walk stands in ``store`` after the row ``checkpoint``.
    """

    request = TenantForeignKey(DeletionRequest, related_name="mention_scans", verbose_name=_("deletion request"))
    state = models.CharField(_("state"), max_length=10, choices=ScanState.choices, default=ScanState.RUNNING)
    started_by = models.CharField(_("started by"), max_length=80)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    store = models.CharField(_("store"), max_length=40)
    checkpoint = models.BigIntegerField(_("row reached"), default=0)
    examined = models.PositiveIntegerField(_("texts opened"), default=0)
    unreadable = models.PositiveIntegerField(_("did not open"), default=0)
    found = models.JSONField(_("found"), default=dict, blank=True)
    rows = models.JSONField(_("rows"), default=dict, blank=True)
    taken_by = models.CharField(_("taken by"), max_length=80, blank=True)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    proof = TenantForeignKey(Document, null=True, blank=True, verbose_name=_("proof"))

    class Meta:
        verbose_name = _("search of others' content")
        verbose_name_plural = _("searches of others' content")
        constraints = [
            *tenant_keys("retention_mentionscan"),
            models.UniqueConstraint(
                fields=["request"], condition=Q(state=ScanState.RUNNING), name="mention_scan_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=ScanState.values), name="mention_scan_state_known"),
            models.CheckConstraint(
                condition=Q(state=ScanState.RUNNING, finished_at__isnull=True)
                | (~Q(state=ScanState.RUNNING) & Q(finished_at__isnull=False)),
                name="mention_scan_runs_until_it_is_over",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by="")
                | (Q(state=ScanState.DONE, taken_at__isnull=False) & ~Q(taken_by="")),
                name="mention_scan_taken_when_done",
            ),
            models.CheckConstraint(
                condition=Q(proof__isnull=True) | Q(taken_at__isnull=False), name="mention_scan_proof_of_a_decision"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "request"], name="mention_scan_by_request"),
            models.Index(fields=["organization", "proof"], name="mention_scan_by_proof"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def number(self) -> int:
        """How many rows name one of the people."""
        return sum(self.found.values())
