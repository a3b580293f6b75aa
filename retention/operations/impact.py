"""What an erasure would take, before anybody approves it: how much each store holds, and what stays."""

from typing import Any

from retention.enums import RequestKind
from retention.models import DeletionRequest, Message, RequestSubject
from retention.operations import blocking
from retention.operations.stores import STORES, Target


def of(request: DeletionRequest) -> dict[str, Any]:
    """Return how much goes, store by store; numbers only. Stores that only a whole reading could count are left out.

    ``in_shared_conversations``: messages of others in these people's conversations. They stay, and with them what
    others wrote about the people, sealed under the keys of those who wrote it. ``open_exports``: requests of people for
    an export of what goes, which nobody has answered yet: the erasure does not wait for them (Art. 15 and 20 GDPR).
    """
    target = Target.of(request)
    counted = {store.name: store.count(target) for store in STORES if store.covers(target)}
    found: dict[str, Any] = {
        "stores": {name: count for name, count in counted.items() if count},
        "holds": blocking.holds_on(target).count(),
    }
    exports = DeletionRequest.objects.open().filter(organization=request.organization_id, kind=RequestKind.EXPORT)
    if not target.whole:
        people = RequestSubject.objects.filter(request=request, let_go_at__isnull=True).values("licensed_user")
        theirs = RequestSubject.objects.filter(licensed_user__in=people, let_go_at__isnull=True)
        exports = exports.filter(pk__in=theirs.values("request"))
        others = Message.objects.filter(organization=request.organization_id, conversation__subject__in=people)
        found["people"] = people.count()
        found["in_shared_conversations"] = others.exclude(subject__in=people).count()
    found["open_exports"] = exports.count()
    return found
