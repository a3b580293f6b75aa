"""Changes of the rows of an example: what breaks a constraint of contracts, as functions of the contract."""

from contracts.models import Contract, Notice, Payment, Quote, StatementLine, Term, Termination
from tests.retention.vaults import an_organization


def contract(**values):
    """Change the active contract."""
    return lambda found: Contract.objects.filter(pk=found.pk).update(**values)


def term(**values):
    return lambda found: found.terms.filter(number=1).update(**values)


def notice(**values):
    return lambda found: found.notices.update(**values)


def termination(**values):
    return lambda found: found.terminations.update(**values)


def line(**values):
    return lambda found: found.statement_lines.update(**values)


def payment(**values):
    return lambda found: found.payments.update(**values)


def quote(**values):
    return lambda found: found.quotes.update(**values)


def _contracts(found):
    return Contract.objects.filter(pk=found.pk)


def _terms(found):
    return Term.objects.filter(contract=found)


def _notices(found):
    return Notice.objects.filter(contract=found)


def _terminations(found):
    return Termination.objects.filter(contract=found)


def _lines(found):
    return StatementLine.objects.filter(contract=found)


def _payments(found):
    return Payment.objects.filter(contract=found)


def _quotes(found):
    return Quote.objects.filter(contract=found)


def _same_public_id(found):
    return found.public_id


def _next_door(model):
    """Move a row to another organization, where what it points to is not."""

    def move(found):
        model.objects.filter(contract=found).update(organization=an_organization())

    return move


def amendment(**values):
    return lambda found: found.amendments.update(**values)
