"""Rows for the tests of constraints: one inserted again, with an identity of its own and other values."""

import uuid


def copy(rows, **values):
    """Insert the first of the rows again, with an identity of its own, and other values."""

    def insert(found):
        row = rows(found).order_by("pk")[0]
        row.pk, row.public_id, row._state.adding = None, uuid.uuid4(), True
        for name, value in values.items():
            setattr(row, name, value(found) if callable(value) else value)
        row.save(force_insert=True)

    return insert
