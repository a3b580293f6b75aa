"""What makes two announcements the same thing told twice."""

from uuid import UUID

import pytest

from accounts.rules import sent

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"payload": {"ends_on": "2027-01-01", "notice": str(TWO)}}, True, id="another id in the payload"),
        pytest.param({"payload": {"ends_on": "2028-01-01", "notice": str(ONE)}}, False, id="another date"),
        pytest.param({"topic": "contract.ended"}, False, id="another topic"),
        pytest.param({"subject_id": TWO}, False, id="about another one"),
        pytest.param({"subject_type": "Person"}, False, id="about another thing"),
        pytest.param({"payload": {"ends_on": "2027-01-01"}}, False, id="without the id"),
    ],
)
def test_the_same_deed_has_the_same_meaning_though_its_ids_are_new(changed, same):
    told = {
        "topic": "contract.renewed",
        "subject_type": "Contract",
        "subject_id": ONE,
        "payload": {"ends_on": "2027-01-01", "notice": str(ONE)},
    }
    assert (sent.meaning(**told) == sent.meaning(**{**told, **changed})) is same


def test_ids_deep_in_a_payload_do_not_count():
    told = ("t", "T", ONE)
    assert sent.meaning(*told, {"a": [{"b": f"run {ONE}"}]}) == sent.meaning(*told, {"a": [{"b": f"run {TWO}"}]})


def test_a_matter_is_the_organizations_or_the_subjects_own():
    assert sent.matter("t", ONE, TWO) == sent.matter("t", ONE, ONE)
    assert sent.matter("t", None, TWO) != sent.matter("t", None, ONE)
    assert sent.matter("t", ONE, TWO) != sent.matter("u", ONE, TWO)


def test_nothing_of_a_reader_can_be_read_from_a_record():
    assert str(ONE) not in sent.reader("mail", str(ONE))
    assert sent.reader("mail", str(ONE)) != sent.reader("webhook", str(ONE))
