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
