"""Names in small letters, as the database writes them: its unique constraints go by that, and Python's differ."""

from collections.abc import Collection

from django.db import connection


def folded(names: Collection[str]) -> dict[str, str]:
    """Return each name in the small letters of the database.

    A sigma at the end is another letter in Python, and a dotted capital I becomes two characters there. What
    Python took for another name would only be refused by the constraint.
    """
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, lower(name) FROM unnest(%s::text[]) AS given (name)", [list(names)])
        return dict(cursor.fetchall())
