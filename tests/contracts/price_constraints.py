"""An example that breaks each constraint of what prices become: the index clause, stays, uplifts, offers."""

from datetime import date
from decimal import Decimal

from contracts.models import Contract, RenewalOffer, Uplift
from tests.contracts.agreements import at
from tests.contracts.copies import copy
from tests.contracts.indices import an_index
from tests.contracts.prices import an_offer, an_uplift
from tests.retention.vaults import an_organization


def contract(**values):
    return lambda found: Contract.objects.filter(pk=found.pk).update(**values)


def indexed(**values):
    """Give the contract an index clause, with other values."""

    def change(found):
        clause = {"index_series": an_index(), "index_base_period": date(2024, 11, 1), "index_base_value": Decimal(100)}
        Contract.objects.filter(pk=found.pk).update(**{**clause, **values})

    return change


def uplift(**values):
    return lambda found: an_uplift(found, **values)


def offer(**values):
    return lambda found: an_offer(found, **values)


def twice(make, rows, **values):
    """Make a row, and insert it again."""

    def insert(found):
        make(found)
        copy(rows, **values)(found)

    return insert


def _uplifts(found):
    return Uplift.objects.filter(contract=found)


def _offers(found):
    return RenewalOffer.objects.filter(contract=found)


def moved(make):
    """Move a row to another organization, where its contract is not."""

    def move(found):
        row = make(found)
        type(row).objects.filter(pk=row.pk).update(organization=an_organization())

    return move


def accepted(found):
    return an_offer(found, state="accepted", sent_at=at("2025-08-01"), closed_at=at("2025-08-02"))


LATER = date(2027, 1, 1)
EXAMPLES = {
    "contract_erased_within_a_year": contract(erasure_days=366),
    "contract_index_clause_whole_or_none": contract(index_floor=Decimal(1)),
    "contract_index_fixed_part_is_a_share": indexed(index_fixed_part=Decimal("1.1")),
    "contract_index_floor_below_cap": indexed(index_floor=Decimal("1.1"), index_cap=Decimal(1)),
    "contract_index_base_above_zero": indexed(index_base_value=Decimal(0)),
    "contract_stayed_with_proof": contract(stayed_until=date(2026, 1, 1), stayed_term=1),
    "contracts_uplift_public_id_key": twice(
        an_uplift, _uplifts, starts_on=LATER, public_id=lambda found: found.uplifts.get().public_id
    ),
    "uplift_once_per_term": twice(an_uplift, _uplifts),
    "uplift_state_known": uplift(state="guessed"),
    "uplift_is_of_a_later_term": uplift(number=1),
    "uplift_computed_whole_or_not_at_all": uplift(price_after=None),
    "uplift_never_guessed": uplift(s1=None, s1_period=None, factor=None, price_after=None),
    "uplift_decided_at_iff_decided": uplift(state="applied"),
    "contracts_renewaloffer_public_id_key": twice(
        an_offer, _offers, starts_on=LATER, public_id=lambda found: found.offers.get().public_id
    ),
    "offer_open_once": twice(an_offer, _offers),
    "offer_accepted_once": twice(accepted, _offers),
    "offer_state_known": offer(state="lost", closed_at=at("2025-08-02"), sent_at=None),
    "offer_is_of_a_later_term": offer(number=1),
    "offer_accepted_only_if_sent": offer(state="accepted", closed_at=at("2025-08-02")),
    "offer_closed_at_iff_closed": offer(closed_at=at("2025-08-02")),
    "offer_proof_of_acceptance_iff_accepted": offer(accepted_proof_id=2**40),
}
FOREIGN_KEYS = {
    "contracts_contract_stay_proof_id_tenant_fk": contract(
        stayed_until=date(2026, 1, 1), stayed_term=1, stay_proof_id=2**40
    ),
    "contracts_uplift_contract_id_tenant_fk": moved(an_uplift),
    "contracts_renewaloffer_contract_id_tenant_fk": moved(an_offer),
    "contracts_renewaloffer_sent_proof_id_tenant_fk": offer(sent_proof_id=2**40),
    "contracts_renewaloffer_accepted_proof_id_tenant_fk": lambda found: an_offer(
        found, state="accepted", sent_at=at("2025-08-01"), closed_at=at("2025-08-02"), accepted_proof_id=2**40
    ),
}
