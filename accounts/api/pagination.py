"""Pages by cursor: stable while rows are added, and as fast on the last page as on the first."""

from rest_framework.pagination import CursorPagination


class ByCreation(CursorPagination):
    """In the order of creation. ``page_size`` up to 200."""

    ordering = "pk"
    page_size_query_param = "page_size"
    max_page_size = 200
