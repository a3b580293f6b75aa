"""What a contract lacks or violates: one finding for each thing that it must say, by the law of the day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.enums import ClauseCode, ClauseSeverity
from contracts.rules.clauses import EEA
from contracts.rules.dated import DISCLOSURE_REQUIRED, SWITCHING_CHARGED, in_force
from contracts.rules.explanation import Json, plain
from contracts.rules.switching import APPLIES_FROM, MAX_NOTICE_MONTHS, RETRIEVAL_DAYS, TRANSITION_DAYS

VERSION = 1
DATA_ACT = "Regulation (EU) 2023/2854"
GDPR = "Regulation (EU) 2016/679"
DEFAULT_BREACH_HOURS = 24
MOST_BREACH_HOURS = 72


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as recorded: its value, whether a document proves it, and until when that evidence is valid."""

    value: Any
    evidenced: bool = False
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a contract says. ``stored`` holds the categories of data that the service keeps and exports."""

    concluded_on: date
    ends_on: date | None
    switching_notice_months: int
    retrieval_days: int
    early_exit_rate: Decimal | None
    early_exit_disclosed_on: date | None
    clauses: Mapping[ClauseCode, Clause]
    stored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the checklist: what it is about, how it stands, why (a code and parameters), and the source."""

    item: str
    severity: ClauseSeverity
    code: str
    source: str
    params: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Return what a JSON answer takes as it is."""
        return {
            "item": self.item,
            "severity": self.severity.value,
            "code": self.code,
            "params": dict(self.params),
            "article": self.source,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """The categories that disagree: kept but neither listed nor exempt, listed but not kept, in both lists."""

    unlisted: tuple[str, ...]
    absent: tuple[str, ...]
    contradicted: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not (self.unlisted or self.absent or self.contradicted)


def compare(*, stored: Collection[str], listed: Collection[str], exempt: Collection[str]) -> Comparison:
    """Compare what is kept, or what an export's manifest names, with the contract's two lists.

    A category that is kept, but neither listed nor exempt, is a failing check; so is one that is promised and absent.
    """
    kept, promised, spared = set(stored), set(listed), set(exempt)
    return Comparison(
        tuple(sorted(kept - promised - spared)), tuple(sorted(promised - kept)), tuple(sorted(promised & spared))
    )


def check(facts: Facts, *, on: date) -> tuple[Finding, ...]:
    """Return what the contract lacks or violates on a day, in the order of the law.

    The Data Act binds what is in force from 12 September 2025 on, whenever it was concluded; its Article 29(4) asks for
    disclosure before signature of what was concluded since. What ended before is not bound.
    """
    bound = on >= APPLIES_FROM and (facts.ends_on is None or facts.ends_on > APPLIES_FROM)
    switching = [
        _at_most("switching_notice", facts.switching_notice_months, MAX_NOTICE_MONTHS, f"{DATA_ACT}, Article 25(2)(d)"),
        _transition(facts),
        *_data(facts),
        _at_least("retrieval", facts.retrieval_days, RETRIEVAL_DAYS, f"{DATA_ACT}, Article 25(2)(g)"),
        _promised(facts, ClauseCode.ERASURE_GUARANTEE, f"{DATA_ACT}, Article 25(2)(h)"),
        _stated(facts, ClauseCode.FORMAT_REGISTER, f"{DATA_ACT}, Article 26(b)"),
        _stated(facts, ClauseCode.JURISDICTION_PAGE, f"{DATA_ACT}, Article 28(1)(a)"),
        _stated(facts, ClauseCode.INTERNATIONAL_ACCESS, f"{DATA_ACT}, Article 28(1)(b)"),
        _charges(facts, on),
        _early_exit(facts),
    ]
    if not bound:
        switching = [
            Finding(one.item, ClauseSeverity.NOT_APPLICABLE, "before_data_act", one.source, _plain(since=APPLIES_FROM))
            for one in switching
        ]
    return (
        *switching,
        _stated(facts, ClauseCode.SERVICE_LEVELS, "service_level_clause"),
        _promised(facts, ClauseCode.INCIDENT_HANDLING, f"{GDPR}, Article 32(1)"),
        _breach(facts),
        _promised(facts, ClauseCode.CLIENT_SEPARATION, f"{GDPR}, Article 32(1)"),
        _training(facts),
        _hosting(facts, on),
        Finding("return_or_deletion", ClauseSeverity.OK, "agreed", f"{GDPR}, Article 28(3)(g)"),
    )


def violates(findings: Collection[Finding]) -> bool:
    """Say whether anything is violated; what is missing is not."""
    return any(one.severity is ClauseSeverity.VIOLATED for one in findings)


def _plain(**params: object) -> dict[str, Json]:
    return {name: plain(value) for name, value in params.items()}


def _at_most(item: str, found: int, allowed: int, source: str) -> Finding:
    params = _plain(found=found, allowed=allowed)
    if found > allowed:
        return Finding(item, ClauseSeverity.VIOLATED, "over_the_maximum", source, params)
    return Finding(item, ClauseSeverity.OK, "within_the_maximum", source, params)


def _at_least(item: str, found: int, least: int, source: str) -> Finding:
    params = _plain(found=found, least=least)
    if found < least:
        return Finding(item, ClauseSeverity.VIOLATED, "under_the_minimum", source, params)
    return Finding(item, ClauseSeverity.OK, "at_least_the_minimum", source, params)


def _missing(code: ClauseCode, source: str) -> Finding:
    return Finding(code.value, ClauseSeverity.MISSING, "not_stated", source)


def _transition(facts: Facts) -> Finding:
    source = f"{DATA_ACT}, Article 25(2)(a)"
    clause = facts.clauses.get(ClauseCode.TRANSITION_DAYS)
    if clause is None:
        return _missing(ClauseCode.TRANSITION_DAYS, source)
    return _at_most(ClauseCode.TRANSITION_DAYS.value, clause.value, TRANSITION_DAYS, source)


def _data(facts: Facts) -> list[Finding]:
    source = f"{DATA_ACT}, Article 25(2)(e)"
    listed, exempt = (facts.clauses.get(code) for code in (ClauseCode.EXPORTABLE_DATA, ClauseCode.EXEMPT_DATA))
    spared = _missing(ClauseCode.EXEMPT_DATA, f"{DATA_ACT}, Article 25(2)(f)")
    if exempt is not None:
        spared = Finding(spared.item, ClauseSeverity.OK, "stated", spared.source)
    if listed is None:
        return [_missing(ClauseCode.EXPORTABLE_DATA, source), spared]
    item = ClauseCode.EXPORTABLE_DATA.value
    found = compare(stored=facts.stored, listed=listed.value, exempt=[] if exempt is None else exempt.value)
    for code, categories in (
        ("kept_but_not_listed", found.unlisted),
        ("listed_but_not_kept", found.absent),
        ("listed_and_exempt", found.contradicted),
    ):
        if categories:
            return [
                Finding(item, ClauseSeverity.VIOLATED, code, source, _plain(categories=", ".join(categories))),
                spared,
            ]
    return [Finding(item, ClauseSeverity.OK, "stated", source), spared]


def _stated(facts: Facts, code: ClauseCode, source: str) -> Finding:
    if code not in facts.clauses:
        return _missing(code, source)
    return Finding(code.value, ClauseSeverity.OK, "stated", source)


def _promised(facts: Facts, code: ClauseCode, source: str) -> Finding:
    clause = facts.clauses.get(code)
    if clause is None:
        return _missing(code, source)
    if clause.value is not True:
        return Finding(code.value, ClauseSeverity.VIOLATED, "refused", source)
    return Finding(code.value, ClauseSeverity.OK, "stated", source)


def _charges(facts: Facts, on: date) -> Finding:
    item, rule = ClauseCode.SWITCHING_CHARGES, in_force(SWITCHING_CHARGED, on=on)
    clause = facts.clauses.get(item)
    if clause is None:
        return _missing(item, rule.source)
    if clause.value == "none" or (clause.value == "at_cost" and rule.value):
        return Finding(item.value, ClauseSeverity.OK, "stated", rule.source)
    code = "charge_above_cost" if rule.value else "charge_forbidden"
    return Finding(item.value, ClauseSeverity.VIOLATED, code, rule.source, _plain(since=rule.from_on))


def _early_exit(facts: Facts) -> Finding:
    item, source = "early_exit", f"{DATA_ACT}, Article 29(4)"
    if facts.early_exit_rate is None:
        return Finding(item, ClauseSeverity.NOT_APPLICABLE, "no_early_exit_fee", source)
    told = facts.early_exit_disclosed_on
    params = _plain(concluded_on=facts.concluded_on)
    if told is not None and told <= facts.concluded_on:
        return Finding(item, ClauseSeverity.OK, "disclosed", source, params)
    if in_force(DISCLOSURE_REQUIRED, on=facts.concluded_on).value:
        return Finding(item, ClauseSeverity.VIOLATED, "not_disclosed", source, params)
    return Finding(item, ClauseSeverity.MISSING, "not_disclosed_older", source, params)


def _breach(facts: Facts) -> Finding:
    item, source = ClauseCode.BREACH_HOURS.value, f"{GDPR}, Article 33(2)"
    clause = facts.clauses.get(ClauseCode.BREACH_HOURS)
    if clause is None:
        return Finding(item, ClauseSeverity.OK, "default_hours", source, _plain(found=DEFAULT_BREACH_HOURS))
    return _at_most(item, clause.value, MOST_BREACH_HOURS, source)


def _training(facts: Facts) -> Finding:
    item, source = ClauseCode.TRAINING_ALLOWED.value, f"{GDPR}, Article 28(3)(a)"
    clause = facts.clauses.get(ClauseCode.TRAINING_ALLOWED)
    if clause is None or clause.value is False:
        return Finding(item, ClauseSeverity.OK, "no_training", source)
    if not clause.evidenced:
        return Finding(item, ClauseSeverity.VIOLATED, "training_unauthorised", source)
    return Finding(item, ClauseSeverity.OK, "training_authorised", source)


def _hosting(facts: Facts, on: date) -> Finding:
    item, source = ClauseCode.HOSTING.value, f"{GDPR}, Articles 28(3)(a) and 44"
    clause = facts.clauses.get(ClauseCode.HOSTING)
    if clause is None:
        return _missing(ClauseCode.HOSTING, source)
    params = _plain(**clause.value, valid_until=clause.valid_until)
    if clause.value["location"] not in EEA:
        return Finding(item, ClauseSeverity.VIOLATED, "hosted_outside_eu", source, params)
    if not clause.evidenced:
        return Finding(item, ClauseSeverity.MISSING, "hosting_unproved", source, params)
    if clause.valid_until is None or clause.valid_until < on:
        return Finding(item, ClauseSeverity.VIOLATED, "evidence_expired", source, params)
    return Finding(item, ClauseSeverity.OK, "hosted_in_eu", source, params)
