"""The demo's French clients that have left: in the retrieval window, waiting for approval, erased."""

from datetime import date, timedelta
from functools import partial

from config.demo.model import DemoNotice, DemoOrganization, Stage, contract
from contracts.enums import BillingInterval, EndChoice, NoticeChannel
from contracts.rules.days import add_months

_client = partial(DemoOrganization, country="FR", language="fr", time_zone="Europe/Paris")


def organizations(today: date) -> list[DemoOrganization]:
    """Return the French clients whose last contract is over on ``today``."""
    fetching_from, fetching_end = _ended(today, days_ago=12, months=24)
    waiting_from, waiting_end = _ended(today, days_ago=45, months=36)
    gone_from, gone_end = _ended(today, days_ago=160, months=24)
    return [
        _client(
            slug="hautebrise",
            name="Transports Hautebrise SAS",
            registration_number="904100103",
            domain="hautebrise.example",
            users=40,
            contracts=(
                contract(
                    "TH-88",
                    "Left by notice twelve days ago; the client may still fetch its data.",
                    today=today,
                    stage=Stage.IN_RETRIEVAL,
                    starts_on=fetching_from,
                    ends_on=fetching_end,
                    annual_fee="13200.00",
                    notice=_given(fetching_end, months=4),
                ),
            ),
        ),
        _client(
            slug="orvanche",
            name="Papeteries d'Orvanche SA",
            registration_number="904100111",
            domain="orvanche.example",
            users=38,
            contracts=(
                contract(
                    "PO-2-0031",
                    "Its retrieval window is over: the erasure waits for approval by someone else.",
                    today=today,
                    stage=Stage.AWAITS_APPROVAL,
                    starts_on=waiting_from,
                    ends_on=waiting_end,
                    annual_fee="11750.00",
                    billing_interval=BillingInterval.QUARTER,
                    notice=_given(waiting_end, months=5),
                ),
            ),
        ),
        _client(
            slug="passe-lune",
            name="Librairie numérique Passe-Lune SARL",
            registration_number="904100129",
            domain="passe-lune.test",
            users=24,
            contracts=(
                contract(
                    "PL-5",
                    "Left five months ago and is fully gone: erased, verified, certified.",
                    today=today,
                    stage=Stage.ERASED,
                    starts_on=gone_from,
                    ends_on=gone_end,
                    annual_fee="7200.00",
                    end_choice=EndChoice.DELETE,
                    notice=_given(gone_end, months=6),
                ),
            ),
        ),
    ]


def _ended(today: date, *, days_ago: int, months: int) -> tuple[date, date]:
    """Return the first day, and the first day without service, of a contract that ended about ``days_ago``."""
    starts_on = add_months(today - timedelta(days=days_ago), -months)
    return starts_on, add_months(starts_on, months)


def _given(ends_on: date, *, months: int) -> DemoNotice:
    """A notice received ``months`` before the end, in good time."""
    received_on = add_months(ends_on, -months)
    return DemoNotice(sent_on=received_on - timedelta(days=2), received_on=received_on, channel=NoticeChannel.EMAIL)
