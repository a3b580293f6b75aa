"""Pages by cursor: stable while rows are added, and as fast on the last page as on the first."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class ByCreation(CursorPagination):
    """In the order of creation. ``page_size`` up to 200."""

    ordering = "pk"
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:
        """Read the cursor, if there is one. :raises NotFound: it is none of ours."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not str(cursor.position).isdecimal():
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def _get_position_from_instance(self, instance: Any, ordering: Any) -> str:
        """Return the key of a row, which is a model, or a tuple that begins with it (accounts/api/rows.py)."""
        return str(instance[0] if isinstance(instance, tuple) else instance.pk)
