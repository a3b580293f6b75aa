"""What came of a deletion request: links to its runs and their certificates, for who may see them."""

from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from retention.models import Certificate, DeletionRequest, ErasureRun


@dataclass(frozen=True, slots=True)
class Link:
    """Where it leads, and what stands there."""

    url: str
    label: str


def outcome(request: HttpRequest, asked: DeletionRequest) -> list[Link]:
    """Return the links of a request's page, the oldest run first."""
    found = []
    if admin.site.get_model_admin(ErasureRun).has_view_permission(request):
        for run in ErasureRun.objects.filter(request=asked).order_by("pk"):
            label = _("Erasure run: %(phase)s") % {"phase": run.get_phase_display()}
            found.append(Link(reverse("admin:retention_erasurerun_change", args=[run.pk]), label))
    if admin.site.get_model_admin(Certificate).has_view_permission(request):
        for pk in Certificate.objects.filter(run__request=asked).order_by("pk").values_list("pk", flat=True):
            found.append(Link(reverse("admin:retention_certificate_change", args=[pk]), _("Certificate of erasure")))
    return found
