"""VAT: how an amount that is stated before VAT is taxed between two businesses, by the countries of both."""

from contracts.enums import VatTreatment

# The European Union by ISO 3166 alpha-2, since 1 February 2020.
_MEMBER_STATES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
MEMBER_STATES = frozenset(_MEMBER_STATES.split())


def treatment(*, vendor: str, client: str) -> VatTreatment:
    """Return how a service of the vendor to a client in business is taxed (Directive 2006/112/EC).

    Both in one country: there. Both in the Union: the client owes it (Articles 44 and 196). Else it is outside the
    scope. An early-exit fee is taxed as the fee it stands for (ECJ, C-295/17); credits lessen it (Article 90).
    """
    if vendor == client:
        return VatTreatment.STANDARD
    if vendor in MEMBER_STATES and client in MEMBER_STATES:
        return VatTreatment.REVERSE_CHARGE
    return VatTreatment.OUTSIDE_EU
