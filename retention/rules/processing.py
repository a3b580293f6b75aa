"""What a record of processing (Art. 30(2) GDPR) says of the service itself, and which places are transfers."""

import re
from collections.abc import Set

# Art. 32 GDPR, as the service does it; what the vendor's operators add is theirs to state.
SECURITY_MEASURES = (
    "Content is sealed (AES-256-GCM) under a key for each author, or each client for what nobody owns.",
    "Data keys are wrapped under a key-encryption key and kept in a database of their own, apart from the content.",
    "Row security in the databases: a call sees the rows of one client, whatever the program asks.",
    "Deletion of content and people is a privilege of the erasure engine's role alone.",
    "Members sign in with passwords checked for strength, passkeys or the client's identity provider; second factors.",
    "An erasure takes two people, and sensitive acts a recent proof of who somebody is.",
    "Every act is recorded in a trail that is sealed into hash chains, whose signed heads are carried away.",
    "An erasure is verified from the databases' own catalogues, independently of what erased.",
)
# What is done with a client's data on its behalf, by the code of the category.
PROCESSING = {
    "content": "Storing, giving back and erasing the content of the product",
    "licensed_users": "Keeping the list of licensed users, what they may use, and when they last did",
    "integrations": "Telling the client's programs what happened, by opaque ids",
}


def outside(location: str, inside: Set[str]) -> bool | None:
    """Say whether a place lies outside of the countries (ISO 3166 alpha-2) that are ``inside``; none: it names none.

    ``Paris, FR`` names France; ``eu-west-1`` names no country.
    """
    countries = re.findall(r"(?<![A-Za-z])[A-Z]{2}(?![A-Za-z])", location)
    return any(one not in inside for one in countries) if countries else None
