"""What the service provides: users with the enterprise extension, groups, and what it supports (RFC 7643)."""

from typing import Annotated, Any

from pydantic import Field, create_model
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ETag,
    External,
    Filter,
    Patch,
    Reference,
    Required,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)
from scim2_models import Email as StrictEmail
from scim2_models import EnterpriseUser as StrictEnterpriseUser
from scim2_models import Group as Group
from scim2_models import Manager as StrictManager
from scim2_models import User as StrictUser

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
# Objects of an answer: as many if nobody asks, and at most.
PAGE, LARGEST_PAGE = 100, 1000


class Email(StrictEmail):
    """An address as it was sent: the library would change its case, and refuse names of internal domains."""

    value: str | None = None
    """Email addresses for the user."""


class Manager(StrictManager):
    """The user's manager. Providers send the value alone."""

    value: Annotated[str | None, Required.false, CaseExact.true] = None
    """The id of the SCIM resource representing the User's manager."""

    ref: Annotated[Reference[Any] | None, Required.false] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The URI of the SCIM resource representing the User's manager."""


class EnterpriseUser(StrictEnterpriseUser):
    """Enterprise User"""

    manager: Manager | None = None
    """The User's manager."""


# Made, not written: a list of another class of addresses is no narrower type.
User: Any = create_model(
    "User",
    __base__=StrictUser,
    __doc__="User Account",
    emails=(list[Email] | None, Field(None, description="Email addresses for the user.")),
)
Person: Any = User[EnterpriseUser]

CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=LARGEST_PAGE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="A token of the organization that holds the permission provision_users",
            spec_uri=Reference[External]("https://www.rfc-editor.org/info/rfc6750"),
            primary=True,
        )
    ],
)
# Attributes that no schema declares are left out of what is created or replaced; a path to one is an error.
TOLERANT = ScimPolicy(unknown=ScimPolicy.Unknown.ignore)
PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(Person), ResourceType.from_resource(Group)],
    config=CONFIG,
)
