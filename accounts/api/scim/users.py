"""``/Users``: what the identity provider does to people (RFC 7644 §3)."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from scim2_models import Context

from accounts.api.scim import bodies, mapping, patching, searching, sources
from accounts.api.scim.base import ScimView, missing, not_modified, refuse_if_changed, respond, tag
from accounts.api.scim.resources import CORE, TOLERANT, Person
from accounts.models import LicensedUser
from accounts.operations import provisioning


class _Users(ScimView):
    def told(self, user: LicensedUser, *, status: int = 200) -> HttpResponse:
        """Answer with a user. Who was just created is in no group yet."""
        groups = [] if status == 201 else mapping.groups_of([user])[user.pk]
        found = mapping.user_json(user, groups, self.base)
        return respond(
            mapping.shown(found, Person, self.parameters(Person)),
            status=status,
            version=tag(user.version),
            location=f"{self.base}/Users/{user.public_id}",
        )

    def searched(self, request: HttpRequest) -> HttpResponse:
        """Answer with a page of users."""
        wanted = searching.asked(request, Person)
        people = LicensedUser.objects.live().filter(organization=self.organization)
        rows, total = searching.page_of(people, wanted, Person, sources.users(self.base))
        groups = mapping.groups_of(rows)
        found = [mapping.user_json(user, groups[user.pk], self.base) for user in rows]
        return respond(searching.listed([mapping.shown(one, Person, wanted) for one in found], total, wanted))

    def given(self, request: HttpRequest) -> Any:
        """Return the user in a body; what is read-only is passed over. :raises ValidationError:"""
        body = bodies.read(request, CORE)
        return Person.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=TOLERANT)


class UsersView(_Users):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.searched(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        self.parameters(Person)
        account = mapping.account_of(self.given(request))
        user = provisioning.create(self.organization, account, now=self.now, by=self.actor)
        return self.told(user, status=201)


class UserSearchView(_Users):
    def post(self, request: HttpRequest) -> HttpResponse:
        return self.searched(request)


class UserView(_Users):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        user = self.found(public_id)
        if not_modified(request, user.version):
            return HttpResponse(status=304, headers={"ETag": tag(user.version)})
        return self.told(user)

    def put(self, request: HttpRequest, public_id: str) -> HttpResponse:
        user = self.found(public_id, to_change=True)
        refuse_if_changed(request, user.version)
        account = mapping.account_of(self.given(request))
        return self.told(provisioning.change(user, account, now=self.now, by=self.actor))

    def patch(self, request: HttpRequest, public_id: str) -> HttpResponse:
        given = patching.operations(request)
        user = self.found(public_id, to_change=True)
        refuse_if_changed(request, user.version)
        person = mapping.person_of(user, self.base)
        person.active = None  # unless the provider says something, the state stays
        patching.apply(person, given)
        account = mapping.account_of(person)
        return self.told(provisioning.change(user, account, now=self.now, by=self.actor))

    def delete(self, request: HttpRequest, public_id: str) -> HttpResponse:
        user = self.found(public_id, to_change=True)
        refuse_if_changed(request, user.version)
        provisioning.delete(user, now=self.now, by=self.actor)
        return HttpResponse(status=204)

    def found(self, public_id: str, *, to_change: bool = False) -> LicensedUser:
        """Return a user of the organization. :raises NotFoundException: there is none, or it is a neighbour's."""
        try:
            known = UUID(public_id)
        except ValueError:
            raise missing("User", public_id) from None
        user = provisioning.find(self.organization, known, to_change=to_change)
        if user is None:
            raise missing("User", public_id)
        return user
