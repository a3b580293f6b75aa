"""The demo's French clients whose contracts run, in the mainland and overseas. Those that leave: ``france_leaving``."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from config.demo.model import DemoOrganization, Stage, contract, first_of_month, last_31st, last_leap_day
from contracts.enums import BillingInterval, BillingTiming, NoticeEffect, NoticeUnit
from contracts.rules.days import add_months

_client = partial(DemoOrganization, country="FR", language="fr", time_zone="Europe/Paris")


def organizations(today: date) -> list[DemoOrganization]:
    """Return the French clients whose contracts run or are about to."""
    return [*_companies(today), *_others(today), *_overseas(today)]


def _companies(today: date) -> list[DemoOrganization]:
    return [
        _client(
            slug="mirandelle",
            name="Ateliers Mirandelle SAS",
            registration_number="904100012",
            domain="mirandelle.example",
            users=140,
            diagnostics_factor=3,
            piloted=True,
            contracts=(
                contract(
                    "MIR-001",
                    "A draft ready to sign after a pilot of eighteen months: the tour walks it to its certificate.",
                    today=today,
                    stage=Stage.DRAFT,
                    concluded_on=today,
                    starts_on=first_of_month(today, 1),
                    annual_fee="48000.00",
                ),
            ),
        ),
        _client(
            slug="valgrise",
            name="Fonderies de Valgrise SA",
            registration_number="904100020",
            domain="valgrise.example",
            users=380,
            contracts=(
                contract(
                    "VAL-36-12",
                    "36 months, then yearly, no exit before month 6; the last day for notice is near.",
                    today=today,
                    starts_on=first_of_month(today, 4 - 60),
                    first_term_months=36,
                    minimum_commitment_months=6,
                    annual_fee="186000.00",
                ),
            ),
        ),
        _client(
            slug="val-oublie",
            name="Coopérative laitière du Val-Oublié",
            registration_number="904100038",
            domain="val-oublie.example",
            users=60,
            contracts=(
                contract(
                    "CLVO/12",
                    "Began on a 29 February: its terms begin on the 28th, and on the 29th again in a leap year.",
                    today=today,
                    starts_on=last_leap_day(add_months(today, -14)),
                    annual_fee="21600.00",
                    notice_length=2,
                    billing_interval=BillingInterval.QUARTER,
                ),
            ),
        ),
        _client(
            slug="quatre-lunes",
            name="Messageries Quatre-Lunes SARL",
            registration_number="904100046",
            domain="quatre-lunes.example",
            users=45,
            contracts=(
                contract(
                    "QL-0044",
                    "A year, then month by month from a 31st, with thirty days' notice: short months clamp.",
                    today=today,
                    starts_on=last_31st(add_months(today, -13)),
                    renewal_term_months=1,
                    annual_fee="14388.00",
                    notice_length=30,
                    notice_unit=NoticeUnit.DAYS,
                    notice_effect=NoticeEffect.SENDING,
                    billing_interval=BillingInterval.MONTH,
                ),
            ),
        ),
        _client(
            slug="ducastel",
            name="Cabinet Ducastel-Wrzesińska & Associés",
            registration_number="904100053",
            domain="ducastel.example",
            users=18,
            contracts=(
                contract(
                    "DW-3",
                    "No renewal term was agreed, so it became indefinite: notice given today ends it in two months.",
                    today=today,
                    starts_on=first_of_month(today, -30),
                    renewal_term_months=None,
                    annual_fee="9600.00",
                    notice_length=2,
                    billing_interval=BillingInterval.QUARTER,
                ),
            ),
        ),
        _client(
            slug="lanterne",
            name="Assurances Lanterne-Rousse SA",
            registration_number="904100061",
            domain="lanterne-rousse.example",
            users=70,
            contracts=(
                contract(
                    "LR-PILOTE",
                    "Ran out ten days ago, but the second contract is in force: the data stay and nobody is suspended.",
                    today=today,
                    stage=Stage.ENDED,
                    starts_on=add_months(today - timedelta(days=10), -24),
                    ends_on=add_months(add_months(today - timedelta(days=10), -24), 24),
                    first_term_months=24,
                    renewal_term_months=None,
                    auto_renews=False,
                    annual_fee="18000.00",
                ),
                contract(
                    "LR-GROUPE",
                    "The second contract of the same client keeps its data alive; leaving early costs half the rest.",
                    today=today,
                    starts_on=first_of_month(today, -4),
                    first_term_months=36,
                    annual_fee="33600.00",
                    early_exit_rate=Decimal("0.5"),
                    early_exit_refunds=True,
                ),
            ),
        ),
    ]


def _others(today: date) -> list[DemoOrganization]:
    return [
        _client(
            slug="cse-valgrise",
            name="Comité social et économique des Fonderies de Valgrise",
            registration_number="904100079",
            domain="cse.valgrise.example",
            users=7,
            legal_category="works_council",
            contracts=(
                contract(
                    "CSE-VAL-1",
                    "A works council is a non-professional: the Loi Chatel reminder falls into these very weeks.",
                    today=today,
                    starts_on=first_of_month(today, 4 - 24),
                    annual_fee="1440.00",
                    notice_length=1,
                ),
            ),
        ),
        _client(
            slug="malvoisette",
            name="Association des Sentiers de Malvoisette",
            registration_number="W999000107",
            domain="sentiers-malvoisette.example",
            users=12,
            legal_category="association",
            contracts=(
                contract(
                    "ASM-2",
                    "An association whose contract has just renewed: its new term is less than two weeks old.",
                    today=today,
                    starts_on=add_months(today - timedelta(days=6), -36),
                    annual_fee="2388.00",
                    notice_length=2,
                    billing_interval=BillingInterval.QUARTER,
                    billing_timing=BillingTiming.ARREARS,
                ),
            ),
        ),
        _client(
            slug="trois-etangs",
            name="Communauté de communes des Trois-Étangs-Neufs",
            registration_number="290410008",
            domain="trois-etangs-neufs.example",
            users=70,
            legal_category="public_body",
            contracts=(
                contract(
                    "MAPA-17",
                    "A public contract of 48 months that does not renew by itself: it ends without any notice.",
                    today=today,
                    starts_on=first_of_month(today, -41),
                    first_term_months=48,
                    renewal_term_months=None,
                    auto_renews=False,
                    annual_fee="32400.00",
                    billing_interval=BillingInterval.QUARTER,
                    billing_timing=BillingTiming.ARREARS,
                ),
            ),
        ),
    ]


def _overseas(today: date) -> list[DemoOrganization]:
    return [
        _client(
            slug="anse-brume",
            name="Rhums et Sucres de l'Anse-Brume SARL",
            time_zone="America/Martinique",
            registration_number="904100087",
            domain="anse-brume.example",
            users=25,
            contracts=(
                contract(
                    "AB-0009",
                    "Eight weeks' notice, in Martinique: a term ends there five or six hours after Paris.",
                    today=today,
                    starts_on=first_of_month(today, -17),
                    annual_fee="8400.00",
                    notice_length=8,
                    notice_unit=NoticeUnit.WEEKS,
                    billing_interval=BillingInterval.HALF_YEAR,
                    billing_timing=BillingTiming.ARREARS,
                ),
            ),
        ),
        _client(
            slug="piton-bleu",
            name="Énergies du Piton-Bleu SAS",
            time_zone="Indian/Reunion",
            registration_number="904100095",
            domain="piton-bleu.example",
            users=55,
            contracts=(
                contract(
                    "EPB-2",
                    "The last day for notice has passed and the new term has not begun: the renewal is certain.",
                    today=today,
                    starts_on=first_of_month(today, 2 - 24),
                    annual_fee="19860.50",
                    billing_interval=BillingInterval.HALF_YEAR,
                ),
            ),
        ),
    ]
