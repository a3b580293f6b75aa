"""Every example of docs/deadlines.md answers as it stands there, and the document knows every rule and its words."""

import re
import shlex
from io import StringIO

import pytest

from contracts.calculator import RULES
from contracts.management import deadlines
from tests.contracts.calculator_faces import ROOT

TEXT = (ROOT / "docs" / "deadlines.md").read_text(encoding="utf-8")
PROMPT = "$ manage.py deadline "


def examples():
    for block in re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL):
        for example in block.split(PROMPT)[1:]:
            line, _newline, answer = example.partition("\n")
            yield pytest.param(line, answer.strip(), id=line[:60])


@pytest.mark.parametrize(("line", "answer"), list(examples()))
def test_an_example_answers_as_it_stands_in_the_document(line, answer):
    said = StringIO()
    status = deadlines.main(shlex.split(line), out=said, err=said)
    assert said.getvalue().strip() == answer
    assert status == (2 if answer.startswith('{"field"') else 0)


def test_the_document_shows_every_rule_with_all_its_inputs_and_outputs():
    sections = dict(re.findall(r"^## `(.+?)`\n(.*?)(?=^## |\Z)", TEXT, flags=re.DOTALL | re.MULTILINE))
    assert sections.keys() == RULES.keys()
    for name, section in sections.items():
        words = set(re.findall(r"[a-z0-9_]+", section))
        wanted = {one.name for one in RULES[name].inputs} | set(RULES[name].outputs)
        assert wanted <= words, f"{name}: say what {sorted(wanted - words)} is"
        assert f"{PROMPT}{name} " in section, f"{name}: show an example"
