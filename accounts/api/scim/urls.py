"""The addresses of SCIM; a slash at the end changes nothing."""

from typing import Any

from django.urls import URLPattern, path

from accounts.api.scim import discovery, groups, users


def _both(route: str, view: Any, name: str) -> list[URLPattern]:
    return [path(route, view, name=f"scim-{name}"), path(f"{route}/", view)]


urlpatterns = [
    *_both("ServiceProviderConfig", discovery.ConfigView.as_view(), "config"),
    *_both("Schemas", discovery.SchemasView.as_view(), "schemas"),
    *_both("Schemas/<str:schema>", discovery.SchemasView.as_view(), "schema"),
    *_both("ResourceTypes", discovery.ResourceTypesView.as_view(), "resource-types"),
    *_both("ResourceTypes/<str:name>", discovery.ResourceTypesView.as_view(), "resource-type"),
    *_both("Users", users.UsersView.as_view(), "users"),
    *_both("Users/.search", users.UserSearchView.as_view(), "user-search"),
    *_both("Users/<str:public_id>", users.UserView.as_view(), "user"),
    *_both("Groups", groups.GroupsView.as_view(), "groups"),
    *_both("Groups/.search", groups.GroupSearchView.as_view(), "group-search"),
    *_both("Groups/<str:public_id>", groups.GroupView.as_view(), "group"),
    *_both("Me", discovery.MeView.as_view(), "me"),
    *_both("Bulk", discovery.BulkView.as_view(), "bulk"),
    *_both(".search", discovery.RootSearchView.as_view(), "search"),
    path("", discovery.UnknownView.as_view(), {"path": ""}),
    path("<path:path>", discovery.UnknownView.as_view(), name="scim-unknown"),
]
