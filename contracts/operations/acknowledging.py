"""The acknowledgement of a notice: what was received of which contract, how it is judged, when it takes effect."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.template.loader import get_template
from django.utils import translation

from accounts.models import Organization
from contracts.models import Notice


def facts(given: Sequence[Notice]) -> list[dict[str, Any]]:
    """Return what is said of each notice: the contract's reference, the judgment, the first day without service."""
    return [
        {
            "contract": notice.contract.reference,
            "judgment": notice.judgment,
            "ends_on": None if notice.ends_on is None else notice.ends_on.isoformat(),
        }
        for notice in given
    ]


def text(organization: Organization, given: Sequence[Notice], *, received_on: date | None) -> str:
    """Return the acknowledgement in the client's language, English where the program does not speak it."""
    spoken = dict(settings.LANGUAGES)
    language = organization.language if organization.language in spoken else settings.LANGUAGE_CODE
    with translation.override(language):
        return (
            get_template("letters/acknowledgement.txt")
            .render({"organization": organization, "notices": facts(given), "received_on": received_on})
            .strip()
            + "\n"
        )
