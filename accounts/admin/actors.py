"""Who acted, as people read it: rows and the trail hold an actor, such as ``user:`` with a public id."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import ApiToken, User

SIMULATED = ":simulated"


def names_of(actors: Iterable[str], *, staff: bool) -> Mapping[str, str]:
    """Return what actors are called, as far as the open scope sees them: a name or an address, a program's name.

    A client's member sees nobody of the vendor: there the side is said. ``staff``: somebody of the vendor reads it.
    """
    wanted = {actor for actor in actors if actor}
    known: dict[str, str] = {}
    users, tokens = (_ids(wanted, kind) for kind in ("user:", "token:"))
    if users:
        known |= {one.actor: str(one) for one in User.objects.filter(public_id__in=users)}
    if tokens:
        rows = ApiToken.objects.filter(public_id__in=tokens).values_list("public_id", "name")
        known |= {f"token:{public_id}": _("program %(name)s") % {"name": name} for public_id, name in rows}
    return {actor: _called(actor, known, staff=staff) for actor in wanted}


def _called(actor: str, known: Mapping[str, str], *, staff: bool) -> str:
    plain = actor.removesuffix(SIMULATED)
    found = known.get(plain)
    if found is None and plain.partition(":")[0] == "system":
        found = _("the system")
    if found is None and not staff and plain.startswith(("user:", "token:")):
        found = _("somebody of the vendor")
    if found is None:
        return actor
    return _("%(name)s (simulated time)") % {"name": found} if plain != actor else found


def _ids(actors: Iterable[str], kind: str) -> list[UUID]:
    found = []
    for actor in actors:
        text = actor.removesuffix(SIMULATED)
        if text.startswith(kind):
            try:
                found.append(UUID(text.removeprefix(kind)))
            except ValueError:
                continue
    return found
