"""Migrating without rendering related models comes to the same models as Django's own way."""

from django.db import models
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    CreateModel,
    RemoveConstraint,
    RemoveIndex,
)
from django.db.migrations.state import ProjectState

from accounts.db.rendering import nothing_rendered_for_options

STEPS = [
    CreateModel("Parent", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9))]),
    CreateModel(
        "Child",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("parent", models.ForeignKey("app.Parent", models.PROTECT, related_name="children")),
        ],
    ),
    AddConstraint("parent", models.CheckConstraint(condition=~models.Q(name=""), name="named")),
    AddConstraint("child", models.UniqueConstraint(fields=["parent"], name="only_child")),
    AddIndex("parent", models.Index(fields=["name"], name="by_name")),
    AddIndex("child", models.Index(fields=["parent"], name="by_parent")),
    RemoveConstraint("child", "only_child"),
    RemoveIndex("parent", "by_name"),
    AddField("parent", "age", models.IntegerField(default=0)),
]


def walked():
    """Return the state after all steps, rendered from the first step on."""
    state = ProjectState()
    _ = state.apps
    for step in STEPS:
        state = state.clone()
        step.state_forwards("app", state)
    return state


def shown(state):
    return {
        model._meta.label: (
            [field.name for field in model._meta.get_fields()],
            [one.deconstruct() for one in model._meta.constraints],
            [one.deconstruct() for one in model._meta.indexes],
        )
        for model in state.apps.get_models()
    }


def test_it_comes_to_the_same_models():
    usual = walked()
    with nothing_rendered_for_options():
        quick = walked()
    assert shown(quick) == shown(usual)
    assert quick.models == usual.models
    assert [name for name, *_rest in shown(quick)["app.Parent"][1:2][0]] == [
        "django.db.models.CheckConstraint",
    ]


def test_it_ends_with_its_block():
    before = ProjectState._append_option, ProjectState._remove_option
    with nothing_rendered_for_options():
        assert ProjectState._append_option is not before[0]
    assert (ProjectState._append_option, ProjectState._remove_option) == before
