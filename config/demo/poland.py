"""The demo's Polish clients."""

from datetime import date, timedelta
from functools import partial

from config.demo.model import DemoNotice, DemoOrganization, Stage, contract, first_of_month, last_31st
from contracts.enums import BillingInterval, BillingTiming, GoverningLaw, NoticeParty, NoticeUnit
from contracts.rules.days import add_months
from contracts.rules.terms import last_notice_day

_client = partial(DemoOrganization, country="PL", language="pl", time_zone="Europe/Warsaw")
_contract = partial(contract, currency="PLN", governing_law=GoverningLaw.PL)


def organizations(today: date) -> list[DemoOrganization]:
    """Return the Polish clients as they stand on ``today``."""
    late_end = first_of_month(today, 2)
    last_day = last_notice_day(late_end, length=3, unit=NoticeUnit.MONTHS)
    refused_end = first_of_month(today, 4)
    return [
        _client(
            slug="brzozogrod",
            name="Zakłady Mechaniczne Brzozogród S.A.",
            registration_number="9900000012",
            domain="brzozogrod.example",
            users=160,
            contracts=(
                _contract(
                    "ZMB/8/31",
                    "Polish law, notice counts on receipt; half-yearly terms turn on 31 August and in late February.",
                    today=today,
                    starts_on=last_31st(add_months(today, -13), month=8),
                    renewal_term_months=6,
                    annual_fee="312000.00",
                    notice_length=1,
                    billing_interval=BillingInterval.QUARTER,
                ),
            ),
        ),
        _client(
            slug="jarzebinka",
            name="Spółdzielnia Mleczarska Jarzębinka",
            registration_number="9900000029",
            domain="jarzebinka.example",
            users=48,
            contracts=(
                _contract(
                    "SMJ-4/2",
                    "Billed each month in arrears, in zloty: the month that runs is never paid yet.",
                    today=today,
                    starts_on=first_of_month(today, -20),
                    annual_fee="63000.00",
                    billing_interval=BillingInterval.MONTH,
                    billing_timing=BillingTiming.ARREARS,
                ),
            ),
        ),
        _client(
            slug="siedem-debow",
            name="Logistyka Siedem Dębów sp. z o.o.",
            registration_number="9900000035",
            domain="siedem-debow.example",
            users=34,
            contracts=(
                _contract(
                    "L7D-2",
                    "Its notice was sent in time and received too late: it takes effect a whole term later.",
                    today=today,
                    stage=Stage.UNDER_NOTICE,
                    starts_on=add_months(late_end, -24),
                    ends_on=add_months(late_end, 12),
                    annual_fee="54000.00",
                    notice=DemoNotice(sent_on=last_day - timedelta(days=2), received_on=last_day + timedelta(days=9)),
                ),
            ),
        ),
        _client(
            slug="cicha-przystan",
            name="Fundacja Cicha Przystań nad Wydmą",
            registration_number="9900000041",
            domain="cicha-przystan.test",
            users=9,
            legal_category="other_non_professional",
            contracts=(
                _contract(
                    "FCP-1",
                    "Signed last week; its first day is still to come.",
                    today=today,
                    stage=Stage.SIGNED,
                    concluded_on=today - timedelta(days=7),
                    starts_on=today + timedelta(days=20),
                    annual_fee="7680.00",
                    notice_length=30,
                    notice_unit=NoticeUnit.DAYS,
                ),
            ),
        ),
        _client(
            slug="kwasna-dolina",
            name="Przetwórstwo Owoców Kwaśna Dolina sp. z o.o.",
            registration_number="9900000058",
            domain="kwasna-dolina.example",
            users=28,
            contracts=(
                _contract(
                    "PKD-6",
                    "Here it is the vendor that has declared not to renew.",
                    today=today,
                    stage=Stage.UNDER_NOTICE,
                    starts_on=add_months(refused_end, -36),
                    ends_on=refused_end,
                    annual_fee="39600.00",
                    notice=DemoNotice(
                        sent_on=today - timedelta(days=10),
                        received_on=today - timedelta(days=7),
                        party=NoticeParty.VENDOR,
                    ),
                ),
            ),
        ),
    ]
