#!/usr/bin/env python3
"""The command line: ``manage.py up`` starts everything; other commands are Django's, with their environment made."""

import os
import sys

if sys.version_info[:2] < (3, 12):
    sys.exit("Terme needs Python 3.12, 3.13 or 3.14; this is {}.{}.".format(*sys.version_info))


def main(arguments):
    try:
        from config.embedded import environment
        from config.embedded.errors import CannotStart
    except ImportError as error:
        sys.exit(f"The environment is not complete ({error.name} is missing): run `make up`, which makes it.")
    command = arguments[1] if len(arguments) > 1 else ""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        if command == "up":
            from config.embedded import up

            sys.exit(up.main(arguments[2:]))
        if command == "deadline":  # needs neither engines nor settings
            from contracts.management import deadlines

            sys.exit(deadlines.main(arguments[2:]))
        with environment.prepared(command):
            from django.core.management import execute_from_command_line

            execute_from_command_line(arguments)
    except CannotStart as error:
        sys.exit(f"Terme cannot start: {error}")
    except OSError as error:
        if error.errno != 28:  # ENOSPC
            raise
        sys.exit("Terme cannot go on: the disk is full.")


if __name__ == "__main__":
    main(sys.argv)
