"""The shape of the project: files short and opened by a line, tasks and sweeps as agreed, settings all written down."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from config import celery
from config.sweeps import SWEEPS

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "contracts", "retention", "config")
FILES = sorted(
    path
    for folder in (*APPS, "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.relative_to(ROOT).parts and path.read_text().strip()
)
LONGEST = 400


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_belongs_in_it(path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST, "split it: one noun a file"
    assert ast.get_docstring(ast.parse(text)), "open it with one line that says what belongs in it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_silenced_or_put_off(path):
    forbidden = (
        "# no" + "qa",
        "# type" + ": ignore",
        "pytest.mark." + "skip",
        "pytest." + "skip(",
        "TO" + "DO",
        "FIX" + "ME",
    )
    found = [word for word in forbidden if word in path.read_text()]
    assert not found, f"{found}: mend the cause, or configure an exception with its reason in pyproject.toml"


def tasks():
    celery.app.loader.import_default_modules()
    return {name: task for name, task in celery.app.tasks.items() if name.startswith(APPS)}


def test_tasks_take_keywords_only_and_whatever_the_future_sends():
    for name, task in tasks().items():
        parameters = list(inspect.signature(task.run).parameters.values())
        assert parameters[-1].kind is inspect.Parameter.VAR_KEYWORD, f"{name}: end with **_future: object"
        named = parameters[:-1]
        assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in named), f"{name}: begin with *"
        assert "now" in {p.name for p in named}, f"{name}: time is an argument"


def test_every_sweeping_task_is_in_the_registry_once_and_routed_to_its_queue():
    registered = [sweep.task.name for sweep in SWEEPS]
    assert len(registered) == len(set(registered)) == len({sweep.name for sweep in SWEEPS})
    sweeping = {name for name in tasks() if name.rpartition(".")[2].startswith("sweep_")}
    assert sweeping == set(registered), "config/sweeps.py and the tasks differ"
    for sweep in SWEEPS:
        routed = celery.app.amqp.router.route({}, sweep.task.name)["queue"].name
        assert routed == sweep.queue, f"{sweep.name}: settings.CELERY_TASK_ROUTES sends it to {routed}"


def test_the_worker_of_up_listens_to_every_queue():
    from config.embedded.up import QUEUES

    assert {sweep.queue for sweep in SWEEPS} | {"workflows"} <= set(QUEUES.split(","))


def test_every_variable_of_the_environment_is_in_the_example_file():
    read = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", (ROOT / "config" / "settings.py").read_text()))
    written = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    extra = {"DATABASE_OWNER_URL", "LEDGER_DATABASE_OWNER_URL"}
    assert read | extra == written, (
        f".env.example: add {sorted((read | extra) - written)}, drop {sorted(written - read - extra)}"
    )


def test_only_settings_and_what_starts_before_them_read_the_environment():
    allowed = {"config/settings.py", "config/wsgi.py", "config/celery.py"}
    for path in FILES:
        place = path.relative_to(ROOT)
        if place.parts[0] == "tests" or str(place).startswith("config/embedded/") or str(place) in allowed:
            continue
        assert not re.search(r"os\.environ|os\.getenv", path.read_text()), f"{place}: read it in config/settings.py"


def test_the_states_that_bind_both_sides_are_written_once():
    pair = re.compile(r'"signed", "active"|SIGNED(\.value)?, (ContractStatus\.)?ACTIVE(\.value)?[])]')
    found = {
        str(path.relative_to(ROOT))
        for path in FILES
        if "tests" not in path.relative_to(ROOT).parts and pair.search(path.read_text())
    }
    assert found == {"contracts/rules/status.py"}, "take BINDING, or Contract.objects.binding()"


def test_rules_are_pure():
    for path in FILES:
        if "rules" in path.relative_to(ROOT).parts and "tests" not in path.relative_to(ROOT).parts:
            names = {
                name
                for node in ast.walk(ast.parse(path.read_text()))
                for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
                + ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
            }
            assert not {n for n in names if n.startswith("django")}, f"{path.name}: a rule does without Django"
            assert "now(" not in path.read_text().replace("_now(", ""), f"{path.name}: time is an argument"


def test_the_layers_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.django_db(databases=["default", "ledger"])
def test_models_and_migrations_agree():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_described_interface_is_the_one_committed(tmp_path):
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert made.read_text() == (ROOT / "docs" / "openapi.yaml").read_text(), (
        "run: manage.py spectacular --file docs/openapi.yaml, and say in docs/interfaces.md what changed"
    )
