"""What makes migrating fast: constraints and indexes change no model's relations, so no model is rendered for them.

Django keeps the models as they were at each migration. After every change it makes the changed one anew, and all that
are related to it: here those are dozens, and most changes add a constraint or an index. Nearly all of the time that the
migrations of an empty database took was this.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ProjectState

# Its stubs know nothing of what is replaced.
STATE: Any = ProjectState


@contextmanager
def nothing_rendered_for_options() -> Iterator[None]:
    """Let constraints and indexes be added to the models that are there, and removed from them, while this lasts."""
    kept = STATE._append_option, STATE._remove_option
    STATE._append_option, STATE._remove_option = _append, _remove
    try:
        yield
    finally:
        STATE._append_option, STATE._remove_option = kept


def _append(state: ProjectState, app_label: str, model_name: str, option: str, added: Any) -> None:
    _change(state, app_label, model_name, option, lambda found: [*found, added])


def _remove(state: ProjectState, app_label: str, model_name: str, option: str, name: str) -> None:
    _change(state, app_label, model_name, option, lambda found: [one for one in found if one.name != name])


def _change(
    state: ProjectState, app_label: str, model_name: str, option: str, change: Callable[[list[Any]], list[Any]]
) -> None:
    options = state.models[app_label, model_name].options
    options[option] = change(options[option])
    if "apps" in state.__dict__:  # rendered: what a migration's own SQL is made from is read from the state above
        setattr(state.apps.get_model(app_label, model_name)._meta, option, list(options[option]))
