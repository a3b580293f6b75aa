"""``manage.py deadline``: no database, no settings, JSON alone, and a refusal by field."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from contracts.management import deadlines
from tests.contracts.calculator_faces import command

TERM = ("term", "anchor=2024-02-29", "first=12m", "renewal=1y", "number=5")


def ask(*arguments):
    out, err = StringIO(), StringIO()
    return deadlines.main(arguments, out=out, err=err), out.getvalue(), err.getvalue()


def test_it_answers_json_alone_without_database_settings_or_env_file(tmp_path):
    code, out, err = command(*TERM, "--format", "json", cwd=tmp_path, TERME_DATA_DIR=str(tmp_path / "data"))
    assert (code, err) == (0, "")
    assert not list(tmp_path.iterdir()), "no engine is started, no secret is made up"
    found = json.loads(out)
    assert {name: found[name] for name in ("starts_on", "last_day", "indefinite")} == {
        "starts_on": "2028-02-29",
        "last_day": "2029-02-27",
        "indefinite": False,
    }
    assert found["explanation"][0]["code"] == "rule_applied" and found["explanation"][-1]["code"] == "source"
    assert all(set(step) == {"code", "params", "text"} and step["text"] for step in found["explanation"])


def test_wrong_input_is_told_on_standard_error_alone(tmp_path):
    code, out, err = command(*TERM, "numbr=5", "--format", "json", cwd=tmp_path)
    assert (code, out) == (2, "")
    found = json.loads(err)
    assert set(found) == {"field", "code", "detail"} and (found["field"], found["code"]) == ("numbr", "unknown_input")


@pytest.mark.parametrize(
    ("arguments", "field", "code"),
    [
        pytest.param((), "rule", "missing", id="nothing"),
        pytest.param(("trem",), "rule", "unknown_rule", id="unknown-rule"),
        pytest.param(("trem", "--help"), "rule", "unknown_rule", id="help-of-an-unknown-rule"),
        pytest.param(("term", "5"), "5", "not_an_input", id="no-key"),
        pytest.param((*TERM, "number=6"), "number", "duplicate", id="twice"),
        pytest.param((*TERM, "--frmat=json"), "--frmat", "unknown_option", id="unknown-option"),
        pytest.param((*TERM, "--format", "xml"), "--format", "unknown", id="unknown-format"),
        pytest.param((*TERM, "--format"), "--format", "unknown", id="format-without-a-value"),
        pytest.param(("term", "=5"), "", "unknown_input", id="no-name"),
        pytest.param((*TERM[:-1], "number="), "number", "empty", id="empty"),
    ],
)
def test_a_line_that_asks_nothing_is_refused(arguments, field, code):
    status, out, err = ask(*arguments)
    found = json.loads(err)
    assert (status, out, found["field"], found["code"]) == (2, "", field, code)


def test_text_is_for_people():
    status, out, err = ask(*TERM, "--format=text")
    assert (status, err) == (0, "")
    assert out.startswith("starts_on: 2028-02-29\nlast_day: 2029-02-27\nindefinite: no\n\n- Rule term, version 1.\n")
    assert ask(*TERM) == (0, out, "")
    _status, out, _err = ask("term", "anchor=2025-01-01", "first=1m", "number=2")
    assert "last_day: none\nindefinite: yes\n" in out


def test_help_names_the_rules_and_their_inputs():
    _status, out, _err = ask("--help")
    assert all(name in out for name in deadlines.calculator.RULES)
    _status, out, _err = ask("switching", "-h")
    assert "[extend_to]" in out and "true, false" in out and "unfeasible_limit" in out


def test_whoever_calls_it_through_django_gets_the_same():
    out, err = StringIO(), StringIO()
    call_command("deadline", *TERM, format="json", stdout=out)
    assert json.loads(out.getvalue()) == json.loads(ask(*TERM, "--format", "json")[1])
    with pytest.raises(SystemExit) as left:
        call_command("deadline", "trem", stderr=err)
    assert left.value.code == 2 and json.loads(err.getvalue())["code"] == "unknown_rule"
