"""The demo's clients in New Zealand: as far from Europe as a time zone can be."""

from datetime import date, timedelta
from functools import partial

from config.demo.model import DemoOrganization, contract, first_of_month
from contracts.enums import BillingInterval, BillingTiming, GoverningLaw, NoticeEffect, NoticeUnit
from contracts.rules.days import add_months

_client = partial(DemoOrganization, country="NZ", language="en", time_zone="Pacific/Auckland")


def organizations(today: date) -> list[DemoOrganization]:
    """Return the clients in New Zealand as they stand on ``today``."""
    return [
        _client(
            slug="kereru-ridge",
            name="Kererū Ridge Dairy Limited",
            registration_number="9429000990014",
            domain="kereru-ridge.example",
            users=36,
            contracts=(
                contract(
                    "KRD-10",
                    "Twenty days' notice, counted from sending, in New Zealand dollars and under New Zealand law.",
                    today=today,
                    currency="NZD",
                    governing_law=GoverningLaw.OTHER,
                    starts_on=first_of_month(today, -26),
                    annual_fee="27600.00",
                    notice_length=20,
                    notice_unit=NoticeUnit.DAYS,
                    notice_effect=NoticeEffect.SENDING,
                    billing_interval=BillingInterval.QUARTER,
                    billing_timing=BillingTiming.ARREARS,
                ),
            ),
        ),
        _client(
            slug="lonely-gull",
            name="Lonely Gull Lifeboat Trust",
            time_zone="Pacific/Chatham",
            registration_number="9429000990021",
            domain="lonely-gull.test",
            users=6,
            legal_category="other_non_professional",
            contracts=(
                contract(
                    "LGT-1",
                    "In the Chatham Islands, whose clocks differ from all others by three quarters of an hour.",
                    today=today,
                    currency="NZD",
                    governing_law=GoverningLaw.OTHER,
                    starts_on=first_of_month(today, -15),
                    annual_fee="1080.00",
                    notice_length=4,
                    notice_unit=NoticeUnit.WEEKS,
                ),
            ),
        ),
        _client(
            slug="kakapo-timber",
            name="Kākāpō Valley Timber Limited",
            registration_number="9429000990038",
            domain="kakapo-timber.example",
            users=30,
            contracts=(
                contract(
                    "KVT-FR-2",
                    "French law, an indexed price, a term that turns tomorrow: its midnight is lunchtime in Europe.",
                    today=today,
                    starts_on=add_months(today + timedelta(days=1), -12),
                    annual_fee="15600.00",
                    indexed=True,
                ),
            ),
        ),
    ]
