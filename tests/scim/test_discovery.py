"""Discovery: what the service says of itself is what it does."""

import pytest

from tests.scim.world import CORE, ENTERPRISE, GROUP, Provider, a_provider

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
KINDS = ("ServiceProviderConfig", "Schemas", "ResourceTypes")


def test_the_configuration_is_read_without_a_token_and_says_what_is_supported():
    found = Provider("")("GET", "ServiceProviderConfig")
    assert found["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]
    said = {name: found[name]["supported"] for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag")}
    assert said == {"patch": True, "bulk": False, "filter": True, "changePassword": False, "sort": True, "etag": True}
    assert found["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    assert found["filter"]["maxResults"] == 1000
    assert found["meta"]["resourceType"] == "ServiceProviderConfig"


def test_types_and_schemas_are_listed_and_each_is_read_where_it_stands():
    call = a_provider()
    types = call("GET", "ResourceTypes")
    assert [(one["name"], one["endpoint"], one["schema"]) for one in types["Resources"]] == [
        ("User", "/Users", CORE),
        ("Group", "/Groups", GROUP),
    ]
    assert types["Resources"][0]["schemaExtensions"] == [{"schema": ENTERPRISE, "required": False}]
    schemas = call("GET", "Schemas")
    assert [one["id"] for one in schemas["Resources"]] == [CORE, ENTERPRISE, GROUP]
    for found in (*types["Resources"], *schemas["Resources"]):
        assert call("GET", found["meta"]["location"].removeprefix("http://testserver")) == found
    user = {one["name"]: one for one in schemas["Resources"][0]["attributes"]}
    assert (user["userName"]["required"], user["userName"]["uniqueness"]) == (True, "server")
    assert (user["password"]["mutability"], user["password"]["returned"]) == ("writeOnly", "never")
    assert user["groups"]["mutability"] == "readOnly"
    assert {one["name"] for one in user["emails"]["subAttributes"]} == {"value", "display", "type", "primary"}
    call("GET", "Schemas/urn:example:nothing", expect=404)
    call("GET", "ResourceTypes/Nothing", expect=404)


@pytest.mark.parametrize("kind", KINDS)
def test_discovery_is_not_filtered(kind):
    call = a_provider()
    call("GET", f"{kind}?filter=name%20pr", expect=403)
    assert call("GET", f"{kind}/")
    call("PUT", kind, {}, expect=405)
