"""What a name may be: any text of any language, and no HTML, control characters or turned direction."""

import pytest

from accounts.rules import checks


@pytest.mark.parametrize(
    "name",
    [
        "Müller & Söhne GmbH",
        "R&D; Sales",
        "O'Neil — «Société Générale»",
        "Zażółć gęślą jaźń sp. z o.o.",
        "a < b > c",
        "AT&T",
        "株式会社",
        "x" * 200,
    ],
)
def test_a_name_may_be_any_text(name):
    assert checks.text("name", name) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("Acme\0", "control_character", id="nul"),
        pytest.param("Acme\nLtd", "control_character", id="line-end"),
        pytest.param("Acme\u202egnp", "control_character", id="turned-direction"),
        pytest.param("Acme\ud800", "control_character", id="half-a-character"),
        pytest.param("Acme\u2028Ltd", "control_character", id="line-separator"),
        pytest.param("<b>Acme</b>", "html", id="tag"),
        pytest.param("Acme</b>", "html", id="closing-tag"),
        pytest.param("<!-- Acme", "html", id="comment"),
        pytest.param("<script src=x", "html", id="unclosed-tag"),
        pytest.param("M&uuml;ller", "html", id="entity"),
        pytest.param("Acme&#60;", "html", id="numeric-entity"),
        pytest.param("Acme&#x3C;", "html", id="hexadecimal-entity"),
        pytest.param("", "blank", id="empty"),
        pytest.param(" \u00a0", "blank", id="only-spaces"),
        pytest.param("x" * 201, "too_long", id="too-long"),
    ],
)
def test_a_name_is_refused_by_field(name, code):
    assert [(fault.field, fault.code) for fault in checks.text("display_name", name)] == [("display_name", code)]


def test_a_control_character_is_named_with_its_place():
    (fault,) = checks.text("name", "Ac\0me")
    assert "Character 3" in fault.message and "U+0000" in fault.message
