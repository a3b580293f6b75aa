"""What a correction may say (Art. 16 GDPR): fields that Terme holds too, and fields that only the product holds."""

import re
from collections.abc import Mapping

from accounts.errors import FieldError, phrase
from accounts.rules import checks

# What is known of a licensed user here, and corrected here too.
OWN = ("display_name", "email", "external_id", "user_name", "department")
# What no person is wrong about.
NOT_CORRECTED = frozenset({"id", "public_id", "organization", "status", "version"})
MOST_FIELDS = 50
LONGEST_VALUE = 2000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)


def faults(values: Mapping[str, object]) -> list[FieldError]:
    """Return what is wrong with corrections (field to new value), each under ``corrections`` or ``corrections.NAME``.

    A field's name is 1 to 60 small letters, digits and ``_``, beginning with a letter: names stand in the trail and in
    calls, where no personal data may. A value is a text of at most 2000 characters; an empty one empties the field.
    """
    if not values:
        return [FieldError("corrections", "blank", "Say which fields get which values.")]
    if len(values) > MOST_FIELDS:
        return [
            FieldError(
                "corrections", "too_many", phrase("At most %(most)s fields in one correction.", most=MOST_FIELDS)
            )
        ]
    found = []
    for name, value in values.items():
        if not _NAME.fullmatch(name):
            message = phrase("A field is named by 1 to 60 small letters, digits and _, beginning with a letter.")
            found.append(FieldError("corrections", "field_name", message))
        elif name in NOT_CORRECTED:
            found.append(FieldError(f"corrections.{name}", "not_corrected", "This field is not corrected."))
        elif not isinstance(value, str):
            found.append(FieldError(f"corrections.{name}", "no_text", "A new value is a text."))
        elif len(value) > LONGEST_VALUE:
            message = phrase("At most %(most)s characters; this has %(has)s.", most=LONGEST_VALUE, has=len(value))
            found.append(FieldError(f"corrections.{name}", "too_long", message))
        else:
            lines = value.replace("\r\n", "\n").split("\n")
            wrong = (checks.text(name, line, longest=LONGEST_VALUE, may_be_empty=True) for line in lines)
            first = next((fault for one in wrong for fault in one), None)
            if first is not None:
                found.append(FieldError(f"corrections.{name}", first.code, first.message))
    return found
