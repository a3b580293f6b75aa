"""How a text is read for what people are known by: an address is found however it is written, and nothing beside it."""

import base64
import json
from urllib.parse import quote

import pytest

from retention.rules.terms import Searcher, as_sought, spelled

OWN, ASCII = "zoë@exämple.eu", "zoë@xn--exmple-cua.eu"
QUOTED = "o'neil@x.example"


@pytest.mark.parametrize("known", [OWN, ASCII, OWN.upper(), ASCII.upper()])
@pytest.mark.parametrize(
    "text",
    [
        OWN,
        ASCII,
        f"To: <{ASCII.upper()}>",
        json.dumps({"to": OWN}),
        json.dumps({"to": ASCII}),
        json.dumps(json.dumps({"to": OWN})),
        f"https://x.example/?to={quote(OWN)}",
        quote(quote(quote(OWN))),
        quote(f"mailto:{ASCII}"),
        "zo&euml;&#64;ex&#xe4;mple.eu",
        json.dumps(f"<a href='mailto:{quote(OWN)}'>"),
        quote(json.dumps({"to": OWN})),
    ],
)
def test_an_address_is_found_however_its_host_and_letters_are_written(known, text):
    assert Searcher({known}).terms_in(text) == {as_sought(OWN)}


@pytest.mark.parametrize(
    "text", ["o&#x27;neil@x.example", "o&#39;neil&#64;x.example", "o&amp;#x27;neil@x.example", "o%27neil%40x.example"]
)
def test_what_a_page_escapes_is_read(text):
    assert Searcher({QUOTED}).found_in(text)


def test_what_json_escapes_is_read():
    assert Searcher({"unit/7-b"}).found_in(r'{"id": "unit\/7-b"}')


@pytest.mark.parametrize("before", ["\n", "\t", "\r\n", "\f", "\b"])
def test_what_begins_a_line_of_a_text_in_json_is_read(before):
    line = json.dumps({"event": f"was told{before}{OWN}"})
    for text in (line, json.dumps(line), quote(line)):
        assert Searcher({OWN}).found_in(text), text


@pytest.mark.parametrize("name", [r"client\ann-7", r"client\nina-7"])
def test_a_name_within_a_domain_is_read_in_a_text_in_json(name):
    line = json.dumps({"user_name": name})
    for text in (name, line, json.dumps(line), f"100% {line}"):
        assert Searcher({name}).found_in(text), text


@pytest.mark.parametrize("before", ["\\", "\\\\", "%5C", "&#92;"])
@pytest.mark.parametrize("address", ["bob%40example.com", "bob%2540example.com", "bob&amp;#64;example.com"])
def test_a_backslash_that_escapes_nothing_takes_no_letter_of_what_stands_after_it(before, address):
    assert Searcher({"bob@example.com"}).found_in(f"DOMAIN{before}{address}")


def test_a_reference_to_no_character_is_read_over_however_long_it_is():
    for digits in (100, 5_000, 400_000):
        assert Searcher({OWN}).found_in(f"&#{'9' * digits}; zo&euml;@exämple.eu")
    for zeros in (50, 100, 5000):
        assert Searcher({OWN}).found_in(f"zo&#{'0' * zeros}235;@exämple.eu")


@pytest.mark.parametrize(
    "text", ["zoë@xn--exmple-cub.eu", "xzoë@exämple.eu", "zoë@exämple.eux", "xn--", "xn---@xn--\u00e4", "&#xe4;%&\\u"]
)
def test_nothing_else_is_found(text):
    assert not Searcher({OWN}).found_in(text)


def test_a_text_of_many_layers_is_read_to_a_depth_that_ends():
    text = "a%b@x.example"
    for _layer in range(200):
        text = quote(text)
    assert not Searcher({"ann-7@x.example"}).found_in(text)
    assert not Searcher({OWN}).found_in(base64.b64encode(OWN.encode()).decode())


@pytest.mark.parametrize("known", [OWN, ASCII])
def test_an_address_is_asked_for_in_both_forms(known):
    assert spelled(known.upper()) == {OWN, ASCII} | {known.upper().lower()}
    assert spelled("Emp-7") == {"emp-7"}
    assert spelled(f"a@{'x' * 70}.example") == {f"a@{'x' * 70}.example"}


def test_a_long_run_of_backslashes_or_an_endless_host_is_read_in_one_pass():
    sought = Searcher({"ann@client.example"})
    assert not sought.found_in("\\" * 400_000 + " bob@client.example")
    assert not sought.found_in("xn--" + "b" * 1_000_000 + " bob@client.example")


@pytest.mark.parametrize("marks", ["\u0300\u0316", "\u0f73", "\u05b0\u05bc\u0591"])
def test_endless_marks_on_one_letter_are_read_in_one_pass(marks):
    assert Searcher({OWN}).found_in("a" + marks * 200_000 + f" zoe\u0308@exa\u0308mple.eu {marks * 8}")
