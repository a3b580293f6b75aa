"""What the customer is charged for the switch itself: at most its cost, and nothing once the law forbids it."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.errors import FieldError, InvalidInput, Refused, phrase
from accounts.operations import audit, outbox
from contracts.enums import ContractStatus, SwitchStatus
from contracts.models import SwitchingCase
from contracts.operations import settling
from contracts.operations.switching_parts import last_day_of, locked
from contracts.rules import dated, periods

LARGEST = Decimal("999999999999.99")


@transaction.atomic
def record_charge(case: SwitchingCase, *, amount: Decimal, cost: Decimal, now: datetime, by: str) -> SwitchingCase:
    """Record what the customer is charged for the switch itself, and what it costs the vendor, in the fee's currency.

    At most the cost, and nothing once the law forbids it (Article 29): the day on which the switch ends counts, as in
    every quote; what ended before is not asked for afterwards either. If the end moves past that day, nothing is asked.

    :raises InvalidInput: an amount is negative, has more than two decimals, or exceeds the cost.
    :raises Refused: nothing may be charged any more, or the switch is withdrawn.
    """
    found = locked(case, *(status for status in SwitchStatus if status is not SwitchStatus.WITHDRAWN))
    faults = []
    for field, value in (("amount", amount), ("cost", cost)):
        if not value.is_finite() or not 0 <= value <= LARGEST or value != round(value, 2):
            faults.append(FieldError(field, "not_an_amount", "An amount of at most two decimals, not negative."))
    if not faults and amount > cost:
        faults.append(FieldError("amount", "above_cost", "A switching charge is at most what the switch costs."))
    if faults:
        raise InvalidInput(faults)
    today = periods.local_day(now, found.contract.time_zone)
    rule = dated.in_force(dated.SWITCHING_CHARGED, on=max(today, last_day_of(found)))
    if amount and not rule.value:
        message = phrase("Nothing may be charged for a switch that ends on %(from_on)s or later.", from_on=rule.from_on)
        raise Refused(message, code="switching_charge_forbidden")
    found.charge, found.charge_cost, found.charged_on = amount, cost, today
    found.save(update_fields=["charge", "charge_cost", "charged_on"])
    if found.contract.status == ContractStatus.ENDED.value:  # else it is written as the contract ends
        settling.charge_switch(found.contract, found, now=now, by=by)
    data = {"amount": str(amount), "cost": str(cost), "currency": found.contract.currency}
    audit.record("switching.charged", found, by=by, at=now, data=data)
    outbox.publish("switching.charged", found, at=now, payload=data)
    return found
