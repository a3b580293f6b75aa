"""The demo's German clients."""

from datetime import date, timedelta
from functools import partial

from config.demo.model import DemoNotice, DemoOrganization, Stage, contract, first_of_month, last_31st
from contracts.enums import BillingInterval, BillingTiming, GoverningLaw, NoticeKind, NoticeUnit
from contracts.rules.days import ONE_DAY, add_months

_client = partial(DemoOrganization, country="DE", language="de", time_zone="Europe/Berlin")
_contract = partial(contract, governing_law=GoverningLaw.DE)


def organizations(today: date) -> list[DemoOrganization]:
    """Return the German clients as they stand on ``today``."""
    exit_from = first_of_month(today, -5)
    received_on = today - timedelta(days=1)
    exit_on = max(add_months(received_on, 3), add_months(exit_from, 6) - ONE_DAY) + ONE_DAY
    return [
        _client(
            slug="haselgrund",
            name="Maschinenbau Haselgrund GmbH & Co. KG",
            registration_number="HRB 990101 Musterhafen",
            domain="haselgrund.example",
            users=100,
            contracts=(
                _contract(
                    "MBH-24-12",
                    "Two years, then yearly with six weeks' notice: in its sixth term, the oldest contract of all.",
                    today=today,
                    starts_on=first_of_month(today, -77),
                    first_term_months=24,
                    annual_fee="58800.00",
                    notice_length=6,
                    notice_unit=NoticeUnit.WEEKS,
                    billing_interval=BillingInterval.QUARTER,
                ),
            ),
        ),
        _client(
            slug="silbertal",
            name="Wasserwerke Silbertal-Nord AöR",
            registration_number="HRA 990202 Musterhafen",
            domain="silbertal-nord.example",
            users=65,
            legal_category="public_body",
            contracts=(
                _contract(
                    "WSN-V-19",
                    "Sixty months with six months' notice: the first term is only half over.",
                    today=today,
                    starts_on=first_of_month(today, -30),
                    first_term_months=60,
                    annual_fee="41280.00",
                    notice_length=6,
                ),
            ),
        ),
        _client(
            slug="wolkenmoewe",
            name="Spedition Wolkenmöwe GmbH",
            registration_number="HRB 990303 Musterhafen",
            domain="wolkenmoewe.example",
            users=14,
            contracts=(
                _contract(
                    "SWM-1",
                    "A first term and a commitment of three months, which is unusual: accepted with a warning.",
                    today=today,
                    starts_on=first_of_month(today, -1),
                    first_term_months=3,
                    renewal_term_months=3,
                    minimum_commitment_months=3,
                    annual_fee="6720.00",
                    notice_length=2,
                    notice_unit=NoticeUnit.WEEKS,
                    billing_interval=BillingInterval.MONTH,
                ),
            ),
        ),
        _client(
            slug="honigwinkel",
            name="Verein für Stadtimkerei Honigwinkel e. V.",
            registration_number="VR 990404 Musterhafen",
            domain="honigwinkel.test",
            users=5,
            legal_category="association",
            contracts=(
                _contract(
                    "VSH-1",
                    "Five users: too few persons for any breakdown, so its archive holds none.",
                    today=today,
                    starts_on=last_31st(add_months(today, -8)),
                    renewal_term_months=6,
                    annual_fee="948.00",
                    notice_length=1,
                    billing_interval=BillingInterval.HALF_YEAR,
                    billing_timing=BillingTiming.ARREARS,
                ),
            ),
        ),
        _client(
            slug="ostermuehle",
            name="Feinmechanik Ostermühle KG",
            registration_number="HRA 990505 Musterhafen",
            domain="ostermuehle.example",
            users=22,
            contracts=(
                _contract(
                    "FMO-11",
                    "Its notice came within the minimum commitment of six months: it takes effect afterwards.",
                    today=today,
                    stage=Stage.UNDER_NOTICE,
                    starts_on=exit_from,
                    ends_on=exit_on,
                    minimum_commitment_months=6,
                    mid_term_exit=True,
                    annual_fee="10560.00",
                    notice=DemoNotice(
                        sent_on=received_on - timedelta(days=2),
                        received_on=received_on,
                        kind=NoticeKind.TERMINATION,
                    ),
                ),
            ),
        ),
    ]
