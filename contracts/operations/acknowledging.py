"""The acknowledgement of a letter: what was received of which contract, how it is judged, when it takes effect."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.template.loader import get_template
from django.utils import translation

from accounts.models import Organization
from contracts.enums import IntakeKind, SwitchKind
from contracts.models import Notice, SwitchingCase

_WANTED = {
    SwitchKind.PROVIDER: IntakeKind.SWITCHING,
    SwitchKind.ON_PREMISES: IntakeKind.SWITCHING,
    SwitchKind.ERASURE_ONLY: IntakeKind.ERASURE_ONLY,
}


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


def facts_of_switches(cases: Sequence[SwitchingCase]) -> list[dict[str, Any]]:
    """Return what is said of each switching case: the reference, what is wanted, until when the notice runs, and from
    when on the data can be erased."""
    return [
        {
            "contract": case.contract.reference,
            "judgment": _WANTED[SwitchKind(case.kind)].value,
            "notice_end": case.notice_end.isoformat(),
            "erase_from": case.erase_from.isoformat(),
        }
        for case in cases
    ]


def text(organization: Organization, lines: Sequence[Mapping[str, Any]], *, received_on: date | None) -> str:
    """Return the acknowledgement in the client's language, English where the program does not speak it."""
    spoken = dict(settings.LANGUAGES)
    language = organization.language if organization.language in spoken else settings.LANGUAGE_CODE
    with translation.override(language):
        return (
            get_template("letters/acknowledgement.txt")
            .render({"organization": organization, "notices": lines, "received_on": received_on})
            .strip()
            + "\n"
        )
