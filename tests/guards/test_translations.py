"""Every text of the screens is translated into French and Polish, with its placeholders, in the glossary's words."""

import re

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.utils.translation import gettext, override

from config.admin_texts import BEFORE_A_NAME
from tests.guards import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_is_translated_and_none_is_stale(language):
    wanted = messages.collected()
    known = {
        (m.context, m.id[0] if m.pluralizable else m.id, m.id[1] if m.pluralizable else None): m
        for m in messages.read(language)
        if m.id
    }
    missing = sorted(key[1] for key in wanted if key not in known or not _full(known[key]))
    stale = sorted(key[1] for key in known.keys() - wanted.keys())
    assert not missing and not stale, f"run python -m tests.guards.messages, then translate {missing}; gone: {stale}"


def test_a_text_of_a_template_is_collected_to_its_end_whatever_stands_in_it():
    template = """{% load i18n %}{% translate "By Art. 12(3) it's due" %}{% translate 'a ") b' context "c" %}
        {% blocktranslate trimmed %}Told (Art. 18(3) GDPR).{% endblocktranslate %}
        {% blocktranslate count n=n %}{{ n }} (a) row{% plural %}{{ n }} (a) rows{% endblocktranslate %}"""
    assert set(messages.template_texts(template)) == {
        (None, "By Art. 12(3) it's due", None),
        ("c", 'a ") b', None),
        (None, "Told (Art. 18(3) GDPR).", None),
        (None, "%(n)s (a) row", "%(n)s (a) rows"),
    }


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_placeholders_are_kept(language):
    for message in messages.read(language):
        if not message.id:
            continue
        ids = message.id if message.pluralizable else (message.id,)
        strings = message.string if message.pluralizable else (message.string,)
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        for string in strings:
            assert set(PLACEHOLDER.findall(string)) <= wanted | set(PLACEHOLDER.findall(ids[0])), message.id
        assert set(PLACEHOLDER.findall(strings[-1])) == wanted, message.id


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_compiled_file_belongs_to_the_text(language):
    compiled = messages.po(language).with_suffix(".mo").read_bytes()
    assert compiled == messages.compiled(language), "run python -m tests.guards.messages"


def test_every_field_that_an_admin_page_shows_has_a_name_in_each_language():
    known = {"id", *(message.id for message in messages.read("fr") if message.id)}
    unnamed = set()
    for page in admin.site._registry.values():
        fields = {field.name: field for field in page.model._meta.concrete_fields}
        for name in {*page.list_display, *page.get_fields(RequestFactory().get("/"))} & fields.keys():
            with override("en"):
                said = str(fields[name].verbose_name)
            if said not in known:
                unnamed.add(said)
    assert not unnamed, f"give these a verbose_name, or name them in config/admin_texts.py: {sorted(unnamed)}"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_stands_before_the_name_of_a_table_asks_for_no_case_of_it(language):
    with override(language):
        said = {text: gettext(text) for text in BEFORE_A_NAME}
        title = (gettext("Select %s to view") % "reguła").partition(":")
    assert all(re.search(r" ?: %(\(name\))?s$", text) for text in said.values()), said
    assert title[1:] == (":", " reguła")


def test_no_template_writes_a_colon_behind_a_value_as_english_spaces_it():
    sentence = re.compile(r"{% blocktrans.*?endblocktrans(late)? %}", re.S)
    bare = [
        f"{path}: {found[0]}"
        for path in sorted((messages.ROOT / "templates" / "admin").rglob("*.html"))
        for found in re.finditer(r".{0,30}[}%]}(</\w+>)?: ", sentence.sub("", path.read_text()))
    ]
    assert bare == [], "write {{ label|colon }} (accounts/templatetags/terme.py): French puts a space before it"


def test_words_that_mean_something_else_in_law_are_not_used():
    wrong = {"fr": r"rétract", "pl": r"odstąpieni|kara umown"}
    for language, pattern in wrong.items():
        text = messages.po(language).read_text(encoding="utf-8").lower()
        assert not re.search(pattern, text), f"{language}: see the glossary"


def _full(message):
    strings = message.string if message.pluralizable else (message.string,)
    return bool(strings) and all(strings)
