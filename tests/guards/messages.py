"""The texts of the screens: collected from code and templates, kept in ``locale/``. Run it to bring that up to date.

With them go the messages with which operations refuse (tests/guards/refusals.py): pages say them in the reader's words.

``python -m tests.guards.messages`` adds what is new to each language's file (empty, for people to fill in), drops
what is gone, and compiles. It needs no programs beside Python.
"""

import ast
import re
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from tests.guards import refusals

ROOT = Path(__file__).resolve().parent.parent.parent
LANGUAGES = ("fr", "pl")
SINGLE = {"_", "_l", "_n", "gettext", "gettext_lazy", "translated", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
LITERAL = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
# A call as templatize writes it: texts, and for a plural the count behind them. What a text holds does not end it.
CALL = re.compile(rf"\b(gettext|ngettext|pgettext|_)\(\s*({LITERAL}(?:\s*,\s*{LITERAL})*)", re.DOTALL)


def po(language):
    """Return the path of a language's file."""
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def collected():
    """Return every text to translate: (context, singular, plural) → the places where it stands."""
    found = {}
    for app in ("accounts", "contracts", "retention", "config"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.relative_to(ROOT).parts:
                for message in _calls(ast.parse(path.read_text(encoding="utf-8"))):
                    found.setdefault(message, []).append(str(path.relative_to(ROOT)))
    for path in sorted(p for p in (ROOT / "templates").rglob("*") if p.suffix in (".html", ".txt")):
        for message in template_texts(path.read_text(encoding="utf-8")):
            found.setdefault(message, []).append(str(path.relative_to(ROOT)))
    for template, place in refusals.templates():
        found.setdefault((None, template, None), []).append(place)
    return found


def read(language):
    """Return a language's catalog; empty if there is no file."""
    path = po(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compiled(language):
    """Return the bytes of the compiled file that belongs to the language's file."""
    target = BytesIO()
    write_mo(target, read(language))
    return target.getvalue()


def update():
    """Bring every language's file up to date, and compile it."""
    messages = collected()
    for language in LANGUAGES:
        old, new = read(language), Catalog(locale=language, charset="utf-8", project="terme", header_comment="# Terme")
        for (context, singular, plural), places in sorted(messages.items(), key=lambda one: (one[1][0], one[0][1])):
            key = (singular, plural) if plural else singular
            known = old.get(key, context=context)
            string = known.string if known else None
            flags = ["python-format"] if re.search(r"%\(\w+\)[sd]|%[sd]", singular) else []
            new.add(
                key, string, locations=[(place, None) for place in sorted(set(places))], flags=flags, context=context
            )
        path = po(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, new, width=120, include_lineno=False, omit_header=False)
        path.with_suffix(".mo").write_bytes(compiled(language))


def _calls(tree):
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name in SINGLE and len(texts) >= 1 and isinstance(node.args[0], ast.Constant):
            yield None, texts[0], None
        elif name in PLURAL and len(texts) >= 2:
            yield None, texts[0], texts[1]
        elif name in CONTEXT and len(texts) >= 2:
            yield texts[0], texts[1], None


def template_texts(text):
    """Yield every text that a template translates: (context, singular, plural)."""
    for name, arguments in CALL.findall(templatize(text) + " "):
        texts = [ast.literal_eval(part) for part in re.findall(LITERAL, arguments)]
        if name == "ngettext" and len(texts) >= 2:
            yield None, texts[0], texts[1]
        elif name == "pgettext" and len(texts) >= 2:
            yield texts[0], texts[1], None
        elif texts:
            yield None, texts[0], None


if __name__ == "__main__":
    update()
