"""What a service says that is kept: the address of its status, the names of its places. Neither may name anybody."""

from dataclasses import replace

import pytest

from retention.connectors.protocol import StoreMisconfigured
from tests.retention.connectors import test_service
from tests.retention.connectors.databases import ANN, RUN, everything_of, people
from tests.retention.connectors.test_service import answers, chunk, the_store

at_this_instant, service = test_service.at_this_instant, test_service.service


def test_a_status_address_that_names_somebody_is_not_kept(service):
    service.hook = lambda handler, asked, number: answers(
        handler, 202, {"status_url": "/status?of=ann%40client.example"}
    )
    with pytest.raises(StoreMisconfigured, match="unsafe_name") as caught:
        chunk(the_store(service), people(ANN))
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("profiles/ann-1", id="external-id"),
        pytest.param("profiles/ANN%2D1", id="written-otherwise"),
        pytest.param(f"of-{ANN.public_id}", id="opaque-id"),
        pytest.param(ANN.public_id.hex, id="without-hyphens"),
    ],
)
def test_a_place_that_names_somebody_is_not_taken_over(service, place):
    said = {name: {place: 1} for name in ("erased", "counts", "residue")}
    service.hook = lambda handler, asked, number: answers(handler, 200, said)
    store = the_store(service)
    of_all = everything_of(names=frozenset({"ann-1", str(ANN.public_id), ANN.public_id.hex}))
    for target in (people(ANN), of_all):
        with pytest.raises(StoreMisconfigured, match=r"^unsafe_name$"):
            store.verify(target, run=RUN)
        # What is only summed stops nothing: the service would say the same whenever it is asked.
        assert chunk(store, target).erased == sum(store.inventory(target).values()) == 1


def test_a_place_may_be_called_as_somebody_whose_id_is_a_word(service):
    named = replace(ANN, external_id="profiles")
    service.hook = lambda handler, asked, number: answers(handler, 200, {"residue": {"profiles": 3}})
    assert [one.count for one in the_store(service).verify(people(named), run=RUN)] == [3]
