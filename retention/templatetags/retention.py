"""Filters of the pages of retention."""

from django import template

from retention import explain, naming

register = template.Library()


@register.filter
def store_name(code: str) -> str:
    """Return what a store is called, in the reader's language."""
    return naming.title(code)


@register.filter
def reason(code: str) -> str:
    """Return in the reader's language why something failed or waits."""
    return explain.reason(code)


@register.filter
def block(code: str) -> str:
    """Return in the reader's language what keeps a request from being carried out."""
    return explain.block(code)
