"""Why what stays does stay when a client's data are erased, and for how long."""

from django.utils.translation import gettext_noop as _

from retention.policy.categories import ACCOUNTING, AGGREGATED, AUDIT, CONTACTS, CONTRACTS, LETTERS, PROOF, TECHNICAL
from retention.policy.kinds import Basis, Period, Start, Unit

# Copies of content, whatever asked for them.
EXPORT_PERIOD = Period(90, Unit.DAYS, Start.COPY, setting="EXPORT_KEPT_DAYS")
_AFTER_THE_CONTRACT = Period(5, Unit.YEARS, Start.CONTRACT_END)
CONTRACT_FILE = Basis(
    _("The contract file is kept 5 years after the contract's end (Code civil 2224): opaque ids, no people."),
    CONTRACTS,
    _AFTER_THE_CONTRACT,
)
ACCOUNTS = Basis(
    _("Accounting records are kept by the issuer's country (France: 10 years, L123-22 C. com.); no people in them."),
    ACCOUNTING,
    Period(10, Unit.YEARS, Start.FINANCIAL_YEAR, by_country={"FR": 10, "DE": 8, "PL": 5}),
)
TRAIL = Basis(
    _("Who did what, as codes and opaque ids; evidence of the erasure itself (Art. 5(2) GDPR). No free text."), AUDIT
)
TOLD = Basis(
    _("Who was told what, as codes and opaque ids: evidence of it (Art. 5(2) GDPR). No free text."),
    AUDIT,
    Period(5, Unit.YEARS, Start.WRITING),
)
# What goes with its client's data, and in a long collaboration, or where it belongs to no client, after so long.
WORDS_PERIOD = Period(5, Unit.YEARS, Start.WRITING)
# Beside these events, whatever else goes with its client.
WORDS_OF_ERASURES = Basis(
    _("Words about the erasure itself: why something that was found stays, what a hold cited that came too late."),
    PROOF,
    WORDS_PERIOD,
)
LETTERS_PERIOD = Period(5, Unit.YEARS, Start.DECISION)
EVIDENCE = Basis(
    _("Evidence of the erasure (Art. 5(2) GDPR): counts, dates, digests, opaque ids. No personal data."),
    PROOF,
    Period(5, Unit.YEARS, Start.CERTIFICATE),
)
ANSWERED = Basis(
    _(
        "That a person asked, and what was answered, as codes and dates: evidence (Art. 5(2) and 12 GDPR). Who it was, "
        "and their words, are sealed, and go with their key SUBJECT_KEPT_DAYS (365) days after the answer."
    ),
    LETTERS,
    Period(5, Unit.YEARS, Start.ANSWER),
)
ASKED = Basis(
    _(
        "By what a person was answered: links, questions who asks. They go with the sealed words (Art. 5(2) and 12 "
        "GDPR)."
    ),
    LETTERS,
    Period(365, Unit.DAYS, Start.ANSWER, setting="SUBJECT_KEPT_DAYS"),
)
LEDGER = Basis(
    _("The ledger: opaque ids only, kept until the last backup that could hold the data has expired."),
    PROOF,
    Period(35, Unit.DAYS, Start.ERASURE, setting="BACKUP_HORIZON_DAYS"),
)
MEMBERS = Basis(
    _("Contacts of the client, for whom the vendor is controller: kept with the contract file, then erased."),
    CONTACTS,
    _AFTER_THE_CONTRACT,
)
SIGN_INS = Basis(
    _(
        "Sign-ins of members, for 12 hours: the id of a user and what the next page will tell them, signed. Licensed "
        "users never sign in here."
    ),
    CONTACTS,
    Period(12, Unit.HOURS, Start.SIGN_IN, setting="SESSION_HOURS"),
)
AGGREGATES = Basis(
    _("Aggregated counts under disclosure control, kept with the client's authorisation; nobody is in it."), AGGREGATED
)
HEADS = Basis(
    _("Heads of the sealed trail: digests and opaque ids only, so that nobody cuts it off unseen."), TECHNICAL
)
FRAMEWORK = Basis(_("The framework's own tables: codes and names of models. No personal data."), TECHNICAL)
OWN_RULES = Basis(
    _("The vendor's own rules, as codes and opaque ids of its staff. No personal data of clients."), TECHNICAL
)
ELSEWHERE = Basis(
    _("Where the vendor keeps data besides: addresses, names of tables and prefixes. No personal data of clients."),
    TECHNICAL,
)
KEYS = Basis(
    _("Which keys wrap keys: versions, counts, check values, opaque ids of staff. No personal data of clients."),
    TECHNICAL,
)
SENT = Basis(
    _("What was sent, as codes and digests of random ids, so that a restore sends nothing twice; it names nobody."),
    TECHNICAL,
    Period(35, Unit.DAYS, Start.SENDING, setting="BACKUP_HORIZON_DAYS"),
)
RESTORES = Basis(
    _("Which restores were noticed, and how both databases count: instants, counts, opaque ids. No personal data."),
    TECHNICAL,
)
UNUSED = Basis(
    _("A table of the library for sign-in that is never written: it has grants to be looked at, and no others."),
    TECHNICAL,
)
NEVER_WRITTEN = Basis(_("The framework's log of its admin is never written: the sealed trail replaces it."), TECHNICAL)
INDICES = Basis(_("Published figures of public price indices, the same for every client. No personal data."), TECHNICAL)
REHEARSAL = Basis(_("One instant, at which a rehearsal of the demo stands; it is no date of anybody."), TECHNICAL)
