"""The client's word, as the vendor's staff records it: what was written, and which authorised contact wrote it.

A processor acts on documented instructions of the controller only (Art. 28(3)(a) GDPR): a letter of somebody who may
not speak for the client is none.
"""

from datetime import datetime

from accounts.enums import CLIENT_ROLES, DocumentKind
from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.models import Document, Membership, Organization, User
from accounts.operations import documents
from accounts.operations.documents import Upload
from accounts.rules.permissions import MATRIX, Permission

NO_PROOF = FieldError("proof", "required", "Somebody is named who gave the client's word, but the proof is missing.")
NO_SENDER = FieldError("sender", "required", "Name the authorised contact of the client who gave the proof.")
DECIDING = [role.value for role in CLIENT_ROLES if Permission.REQUEST_DELETION in MATRIX[role.value]]


class ProofNeeded(Refused):
    """What the vendor's staff records as the client's word must be proved, and come from an authorised contact."""

    code = "proof_needed"


def contacts_of(organization: Organization) -> list[User]:
    """Return the client's contacts who may decide on its people's data."""
    members = Membership.objects.filter(organization=organization, role__in=DECIDING, user__is_active=True)
    return list(User.objects.filter(pk__in=members.values("user")).order_by("pk"))


def keep(
    organization: Organization, upload: Upload | None, *, sender: str, now: datetime, by: str, for_client: bool = False
) -> Document | None:
    """Store what the client wrote, with who wrote it; nothing where nothing was sent.

    ``sender`` is the e-mail address of the contact; empty where a member of the client acts itself.
    ``for_client``: the vendor's staff record it, so neither comes without the other.

    :raises InvalidInput: nobody who may decide for this client has the address; staff sent the one and not the other;
        or the file is wrong.
    """
    if for_client and (upload is None) != (not sender):
        raise InvalidInput([NO_PROOF if upload is None else NO_SENDER])
    if upload is None:
        return None
    given_by = "" if not sender else _contact(organization, sender).actor
    return documents.store(
        organization,
        upload.file,
        kind=DocumentKind.AUTHORISATION,
        filename=upload.name,
        content_type=upload.content_type or "",
        now=now,
        by=by,
        given_by=given_by,
    )


def demand(proof: Document | None) -> None:
    """:raises ProofNeeded: there is no proof, or nobody is named who gave it."""
    if proof is None or not proof.given_by:
        raise ProofNeeded("The client's word needs a proof, and the authorised contact of the client who gave it.")


def _contact(organization: Organization, sender: str) -> User:
    wanted = sender.strip().lower()
    found = next((one for one in contacts_of(organization) if one.email.lower() == wanted), None)
    if found is None:
        message = phrase(
            "Nobody who may decide for this client has this address: the client decides itself, or names a contact."
        )
        raise InvalidInput([FieldError("sender", "not_authorised", message)])
    return found
