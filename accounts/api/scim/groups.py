"""``/Groups``: what the identity provider does to groups and their members, thousands at a time."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from scim2_models import Context, Group

from accounts.api.scim import bodies, mapping, membership, patching, searching, sources
from accounts.api.scim.base import ScimView, missing, not_modified, refuse_if_changed, respond, tag
from accounts.api.scim.resources import GROUP, TOLERANT
from accounts.models import LicensedUser, ProvisionedGroup
from accounts.operations import provisioned_groups
from accounts.operations.provisioned_groups import Sheet, Step


class _Groups(ScimView):
    def told(self, group: ProvisionedGroup, *, status: int = 200) -> HttpResponse:
        """Answer with a group; its members are read only where they are asked for."""
        wanted = self.parameters(Group)
        members = self.members([group], wanted).get(group.pk, [])
        return respond(
            mapping.shown(mapping.group_json(group, members, self.base), Group, wanted),
            status=status,
            version=tag(group.version),
            location=f"{self.base}/Groups/{group.public_id}",
        )

    def searched(self, request: HttpRequest) -> HttpResponse:
        """Answer with a page of groups."""
        wanted = searching.asked(request, Group)
        groups = ProvisionedGroup.objects.filter(organization=self.organization)
        rows, total = searching.page_of(groups, wanted, Group, sources.groups(self.base))
        members = self.members(rows, wanted)
        found = [mapping.group_json(group, members.get(group.pk, []), self.base) for group in rows]
        return respond(searching.listed([mapping.shown(one, Group, wanted) for one in found], total, wanted))

    def members(self, groups: list[ProvisionedGroup], wanted: Any) -> dict[int, list[LicensedUser]]:
        """Return the members of groups, unless nobody wants them: Entra ID excludes them, there may be thousands."""
        excluded = {str(path).rpartition(":")[2].lower() for path in wanted.excluded_attributes or ()}
        named = {str(path).rpartition(":")[2].partition(".")[0].lower() for path in wanted.attributes or ()}
        if membership.MEMBERS in excluded or (named and membership.MEMBERS not in named):
            return {}
        return mapping.members_of(groups)

    def given(self, request: HttpRequest) -> Sheet:
        """Return the group in a body, with all its members. :raises ValidationError:"""
        body = bodies.read(request, GROUP)
        people = [body.pop(name) for name in list(body) if name.lower() == membership.MEMBERS]
        resource = Group.model_validate(body, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=TOLERANT)
        given = people and people[0] is not None
        members = membership.of(people[0], policy=TOLERANT) if given else frozenset()
        return _sheet(resource, [Step("set", members)])


class GroupsView(_Groups):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.searched(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        self.parameters(Group)
        group = provisioned_groups.create(self.organization, self.given(request), now=self.now, by=self.actor)
        return self.told(group, status=201)


class GroupSearchView(_Groups):
    def post(self, request: HttpRequest) -> HttpResponse:
        return self.searched(request)


class GroupView(_Groups):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        group = self.found(public_id)
        if not_modified(request, group.version):
            return HttpResponse(status=304, headers={"ETag": tag(group.version)})
        return self.told(group)

    def put(self, request: HttpRequest, public_id: str) -> HttpResponse:
        group = self.found(public_id, to_change=True)
        refuse_if_changed(request, group.version)
        return self.told(provisioned_groups.change(group, self.given(request), now=self.now, by=self.actor))

    def patch(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """Change a group; without names of attributes to return the answer has no body (RFC 7644 §3.5.2)."""
        given = patching.operations(request)
        group = self.found(public_id, to_change=True)
        refuse_if_changed(request, group.version)
        others, steps = membership.parted(given, membership.Members(lambda: self.whole(group)))
        resource = mapping.group_of(group, self.base)
        patching.apply(resource, others)
        changed = provisioned_groups.change(group, _sheet(resource, steps), now=self.now, by=self.actor)
        if self.parameters(Group).attributes:
            return self.told(changed)
        return HttpResponse(status=204, headers={"ETag": tag(changed.version)})

    def delete(self, request: HttpRequest, public_id: str) -> HttpResponse:
        group = self.found(public_id, to_change=True)
        refuse_if_changed(request, group.version)
        provisioned_groups.delete(group, now=self.now, by=self.actor)
        return HttpResponse(status=204)

    def found(self, public_id: str, *, to_change: bool = False) -> ProvisionedGroup:
        """Return a group of the organization. :raises NotFoundException: there is none, or it is a neighbour's."""
        try:
            known = UUID(public_id)
        except ValueError:
            raise missing("Group", public_id) from None
        group = provisioned_groups.find(self.organization, known, to_change=to_change)
        if group is None:
            raise missing("Group", public_id)
        return group

    def whole(self, group: ProvisionedGroup) -> Group:
        """Return a group as the library's resource, with its members."""
        members = mapping.members_of([group])[group.pk]
        return Group.model_validate(mapping.group_json(group, members, self.base), scim_policy=TOLERANT)


def _sheet(resource: Group, steps: list[Step]) -> Sheet:
    return Sheet(resource.display_name or "", resource.external_id or "", steps)
