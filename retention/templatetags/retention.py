"""Filters of the pages of retention."""

from django import template

from retention import naming

register = template.Library()


@register.filter
def store_name(code: str) -> str:
    """Return what a store is called, in the reader's language."""
    return naming.title(code)
