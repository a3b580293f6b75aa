"""One-time links: the id of a row, signed. Who has the link read the mail that it was sent in; it opens once.

The signature is of the service's secret key, so a copy of the database opens nothing.
"""

import uuid
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.db import models, transaction

from accounts.errors import Refused
from accounts.models import User
from retention.enums import LinkPurpose
from retention.models import SubjectLink, SubjectRequest

LASTS = {LinkPurpose.PERSON: timedelta(days=7), LinkPurpose.DECIDE: timedelta(days=30)}
_SIGNER = Signer(salt="terme.subject_link")


class LinkUseless(Refused):
    """The link is of nobody, was used, or is too old. All three are told alike: nothing is to be learned by trying."""

    code = "link_useless"


def make(request: SubjectRequest, *, purpose: LinkPurpose, now: datetime, user: User | None = None) -> SubjectLink:
    """Make a link to a request: the person's, or one of the client's contacts."""
    return SubjectLink.objects.create(
        organization_id=request.organization_id,
        request=request,
        purpose=purpose,
        user=user,
        made_at=now,
        expires_at=now + LASTS[purpose],
    )


def token(public_id: uuid.UUID | str) -> str:
    """Return what stands in a link's address: the id and its signature."""
    return _SIGNER.sign(str(public_id)).replace(":", ".")


def found(text: str, *, purpose: LinkPurpose, now: datetime) -> SubjectLink:
    """Return the link that a token stands for, without using it up: programs that read mail follow links too.

    :raises LinkUseless: it is nobody's, was used, or is too old.
    """
    return _usable(SubjectLink.objects.select_related("request__organization", "user"), text, purpose, now)


@transaction.atomic
def use(text: str, *, purpose: LinkPurpose, now: datetime) -> SubjectLink:
    """Use a link up. Of two at once one gets it.

    :raises LinkUseless: as :func:`found`.
    """
    rows = SubjectLink.objects.select_related("request__organization", "user").select_for_update(of=("self",))
    link = _usable(rows, text, purpose, now)
    link.used_at = now
    link.save(update_fields=["used_at"])
    return link


def _usable(rows: models.QuerySet[SubjectLink], text: str, purpose: LinkPurpose, now: datetime) -> SubjectLink:
    try:
        public_id = uuid.UUID(_SIGNER.unsign(text.replace(".", ":")))
    except (BadSignature, ValueError):
        public_id = None
    link = None if public_id is None else rows.filter(public_id=public_id, purpose=purpose).first()
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise LinkUseless("This link was used before, or is too old. Ask for a new one.")
    return link
