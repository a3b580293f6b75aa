"""A service that erases by itself, on real sockets: signed calls, work that goes on, failures, lies, and addresses."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from accounts.errors import InvalidInput
from retention.connectors.protocol import Progress, Residue, StoreMisconfigured, StoreUnavailable
from retention.connectors.service import ServiceStore
from retention.rules.stores import service as rules
from tests.accounts.receivers import Receiver, raw, says
from tests.retention.connectors.databases import ACME, ANN, BEN, RUN, everything_of, people

NOW = datetime.now(UTC)
KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def at_this_instant():
    """A service refuses what was signed five minutes ago."""
    global NOW
    NOW = datetime.now(UTC).replace(microsecond=0)


def answers(handler, status, said=b"", **headers):
    """Answer with JSON, or with bytes as they are."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class Service(Receiver):
    """A service as the documents describe it: it checks signatures and keeps profiles. ``hook`` may answer instead."""

    def __init__(self):
        super().__init__(self.said)
        self.profiles = {"ann-1": 3, "ben-2": 2, "zoe": 9}
        self.done, self.hook, self.works_for = {}, None, 0

    def said(self, handler, number):
        headers, body = self.calls[number - 1]
        try:
            asked = Webhook(KEY).verify(body.decode(), {name.lower(): value for name, value in headers.items()})
        except WebhookVerificationError:
            return says(handler, 401)
        if self.hook is not None and (found := self.hook(handler, asked, number)) is not False:
            return found
        return answers(handler, *self.act(asked))

    def act(self, asked):
        ours = {"ann-1", "ben-2"}
        if asked.get("people") is not None:
            ours &= {person["external_id"] for person in asked["people"]}
        count = sum(self.profiles.get(name, 0) for name in ours)
        match asked["type"]:
            case "store.check":
                return 200, {"protocol": 1}
            case "store.inventory":
                return 200, {"counts": {"profiles": count}}
            case "store.verify":
                return 200, {"residue": {"profiles": count}}
            case "store.export":
                return 200, {"records": [{"name": name} for name in sorted(ours & self.profiles.keys())], "next": None}
            case "store.erase":
                if self.works_for:
                    return 202, {"status_url": f"/status/{asked['run']}"}
                if asked["run"] not in self.done:
                    self.done[asked["run"]] = count
                    for name in ours:
                        self.profiles.pop(name, None)
                return 200, {"erased": {"profiles": self.done[asked["run"]]}}
            case "store.status":
                self.works_for -= 1
                if self.works_for:
                    return 202, {}
                self.profiles = {"zoe": 9}
                return 200, {"erased": {"profiles": 5}}


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


def the_store(service, *, key=KEY, url=None, allow_private=True, **values):
    settings = rules.read({"url": url or service.url, **values}, allow_private=allow_private)
    return ServiceStore(settings, key, now=NOW, allow_private=allow_private)


def chunk(store, target=None, *, checkpoint="", **values):
    return store.erase_chunk(target or everything_of(), run=RUN, checkpoint=checkpoint, limit=10, now=NOW, **values)


def test_it_is_asked_who_is_meant_erases_and_is_asked_again(service):
    store = the_store(service)
    assert store.check() == []
    assert store.inventory(people(ANN)) == {"profiles": 3}
    assert [one["name"] for one in store.export(everything_of())] == ["ann-1", "ben-2"]
    assert chunk(store, people(ANN)) == Progress(3, "", finished=True)
    assert store.verify(people(ANN), run=RUN) == []
    assert store.verify(everything_of(), run=RUN) == [Residue("profiles", "records", 2)]
    told = json.loads(service.calls[-1][1])
    assert told == {
        "type": "store.verify",
        "protocol": 1,
        "organization": str(ACME),
        "registration_number": "V1",
        "people": None,
    }
    assert service.profiles == {"ben-2": 2, "zoe": 9}


def test_the_same_run_asked_twice_is_one_request(service):
    """The answer to the first call was lost: the second one bears the same id, and is told the same."""
    store = the_store(service)
    assert chunk(store, people(ANN, BEN)).erased == 5
    assert chunk(the_store(service), people(ANN, BEN)).erased == 5
    assert {headers["webhook-id"] for headers, _body in service.calls} == {str(RUN)}


def test_a_run_that_is_sent_again_is_another_request_and_counts_what_came_since(service):
    store = the_store(service)
    assert chunk(store, people(ANN)).erased == 3
    service.profiles["ann-1"] = 2
    assert chunk(store, people(ANN), sent_again=1).erased == 2
    assert chunk(store, people(ANN), sent_again=1).erased == 2, "and this one is one request too"
    told = [(json.loads(body)["run"], headers["webhook-id"]) for headers, body in service.calls]
    assert len(set(told)) == 2 and all(run == message for run, message in told)


def test_nobody_is_told_as_nobody(service):
    assert chunk(the_store(service), people()) == Progress(0, "", finished=True)
    assert json.loads(service.calls[-1][1])["people"] == []


def test_work_that_goes_on_is_asked_for_until_it_is_done(service):
    service.works_for = 3
    first = chunk(the_store(service))
    origin = service.url.split("/hook")[0]
    assert first == Progress(0, f"{origin}/status/{RUN}", False, NOW + timedelta(minutes=1))
    second = chunk(the_store(service), checkpoint=first.checkpoint)
    assert (second.finished, second.checkpoint) == (False, first.checkpoint)
    chunk(the_store(service), checkpoint=first.checkpoint)
    last = chunk(the_store(service), checkpoint=first.checkpoint)
    assert (last.erased, last.finished) == (5, True)
    assert [json.loads(body)["type"] for _headers, body in service.calls] == ["store.erase"] + ["store.status"] * 3


def test_a_service_that_answers_each_message_once_tells_how_its_work_stands(service):
    """Whoever receives webhooks is told to know a message by its id, and to do nothing about one that it has seen."""
    service.works_for, known = 3, {}

    def seen(handler, asked, number):
        message = service.calls[number - 1][0]["webhook-id"]
        if message not in known:
            known[message] = service.act(asked)
        return answers(handler, *known[message])

    service.hook = seen
    checkpoint = ""
    for _call in range(5):
        progress = chunk(the_store(service), checkpoint=checkpoint)
        checkpoint = progress.checkpoint
        if progress.finished:
            break
    assert (progress.finished, progress.erased) == (True, 5)


def test_it_says_when_to_ask_again(service):
    service.hook = lambda handler, asked, number: answers(handler, 202, {"status_url": "s"}, Retry_After="600")
    assert chunk(the_store(service)).ask_again_at == NOW + timedelta(minutes=10)


def test_work_that_it_has_forgotten_is_asked_for_anew(service):
    service.hook = lambda handler, asked, number: asked["type"] == "store.status" and answers(handler, 404)
    progress = chunk(the_store(service), checkpoint=service.url)
    assert (progress.checkpoint, progress.finished, progress.ask_again_at > NOW) == ("", False, True)


@pytest.mark.parametrize(
    "status_url",
    [
        pytest.param("http://evil.example/status", id="another-host"),
        pytest.param("https://127.0.0.1/status", id="another-scheme"),
        pytest.param("http://127.0.0.1:1/status", id="another-port"),
        pytest.param("//evil.example/", id="without-a-scheme"),
        pytest.param("http://user@127.0.0.1/", id="with-a-user"),
        pytest.param("/" + "x" * 600, id="too-long"),
        pytest.param(7, id="a-number"),
        pytest.param(None, id="none"),
        pytest.param("http://[", id="no-url"),
        pytest.param("/a\x00b", id="nul"),
    ],
)
def test_the_status_is_asked_at_the_same_origin_only(service, status_url):
    service.hook = lambda handler, asked, number: answers(handler, 202, {"status_url": status_url})
    with pytest.raises(StoreMisconfigured, match="unexpected_answer"):
        chunk(the_store(service))
    assert len(service.calls) == 1


def test_a_checkpoint_of_the_address_before_is_not_followed(service):
    with pytest.raises(StoreMisconfigured, match="redirect"):
        chunk(the_store(service), checkpoint="http://elsewhere.example/status")
    assert service.calls == []


@pytest.mark.parametrize(
    ("status", "error", "fault", "waits"),
    [
        pytest.param(500, StoreUnavailable, "failed", False, id="failure"),
        pytest.param(503, StoreUnavailable, "failed", True, id="down-for-a-while"),
        pytest.param(429, StoreUnavailable, "busy", True, id="too-many"),
        pytest.param(408, StoreUnavailable, "busy", False, id="timeout"),
        pytest.param(400, StoreMisconfigured, "refused", False, id="bad-request"),
        pytest.param(401, StoreMisconfigured, "credentials", False, id="secret"),
        pytest.param(404, StoreMisconfigured, "refused", False, id="nothing-there"),
        pytest.param(410, StoreMisconfigured, "refused", False, id="gone"),
        pytest.param(301, StoreMisconfigured, "redirect", False, id="moved"),
        pytest.param(307, StoreMisconfigured, "redirect", False, id="elsewhere"),
        pytest.param(204, StoreMisconfigured, "unexpected_answer", False, id="no-counts"),
    ],
)
def test_what_a_status_means(service, status, error, fault, waits):
    headers = {"Retry_After": "120"} if waits else {}
    service.hook = lambda handler, asked, number: answers(handler, status, b"", Location="/elsewhere", **headers)
    store = the_store(service)
    for call in (
        lambda: chunk(store),
        lambda: store.inventory(everything_of()),
        lambda: store.verify(people(ANN), run=RUN),
    ):
        with pytest.raises(error, match=f"^{fault}$") as caught:
            call()
        if error is StoreUnavailable:
            assert caught.value.retry_at == (NOW + timedelta(minutes=2) if waits else None)
    assert len(service.calls) == 3, "no redirect is followed, nothing is tried again at once"


def test_it_fails_for_a_while_and_then_does_it(service):
    service.hook = lambda handler, asked, number: number < 3 and answers(handler, 500)
    for _time in range(2):
        with pytest.raises(StoreUnavailable):
            chunk(the_store(service))
    assert chunk(the_store(service)).erased == 5


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"OK", id="no-json"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"{}", id="no-counts"),
        pytest.param({"erased": True, "counts": 1, "residue": None}, id="no-objects"),
        pytest.param({n: {"p": -1} for n in ("erased", "counts", "residue")}, id="less-than-nothing"),
        pytest.param({n: {"p": 1.5} for n in ("erased", "counts", "residue")}, id="a-half"),
        pytest.param({n: {"p": True} for n in ("erased", "counts", "residue")}, id="yes"),
        pytest.param({n: {"p": "3"} for n in ("erased", "counts", "residue")}, id="a-text"),
        pytest.param({n: {"p": 10**40} for n in ("erased", "counts", "residue")}, id="more-than-there-is"),
        pytest.param({n: {"a\x00": 1} for n in ("erased", "counts", "residue")}, id="nul"),
        pytest.param({n: {"ann@client.example": 1} for n in ("erased", "counts", "residue")}, id="a-place-is-nobody"),
        pytest.param(b'{"erased":' + b"[" * 100_000, id="too-deep"),
        pytest.param(b" " * (16 * 1024 * 1024 + 1), id="too-long"),
    ],
)
def test_a_success_with_nonsense_is_no_success(service, body):
    service.hook = lambda handler, asked, number: answers(handler, 200, body)
    store = the_store(service)
    for call in (
        lambda: chunk(store),
        lambda: store.inventory(everything_of()),
        lambda: store.verify(people(ANN), run=RUN),
    ):
        with pytest.raises(StoreMisconfigured, match="unexpected_answer"):
            call()


def test_a_lie_is_found_by_the_verification(service):
    service.hook = lambda handler, asked, number: (
        asked["type"] == "store.erase" and answers(handler, 200, {"erased": {"profiles": 5}})
    )
    store = the_store(service)
    assert chunk(store) == Progress(5, "", finished=True)
    assert store.verify(everything_of(), run=RUN) == [Residue("profiles", "records", 5)]


def test_an_export_comes_in_pages_and_ends(service):
    pages = {None: ([{"n": 1}], "b"), "b": ([{"n": 2}], "c"), "c": ([], None)}

    def paged(handler, asked, number):
        records, following = pages[asked["cursor"]]
        return answers(handler, 200, {"records": records, "next": following})

    service.hook = paged
    assert list(the_store(service).export(everything_of())) == [{"n": 1}, {"n": 2}]
    service.hook = lambda handler, asked, number: answers(handler, 200, {"records": [1], "next": "b"})
    with pytest.raises(StoreMisconfigured):
        list(the_store(service).export(everything_of()))


@pytest.mark.parametrize(
    ("hook", "key", "field", "code"),
    [
        pytest.param(None, bytes(32), "secret", "credentials", id="another-secret"),
        pytest.param({"ready": True}, KEY, "url", "unexpected_answer", id="another-service"),
    ],
)
def test_the_connection_is_tested_with_the_secret(service, hook, key, field, code):
    if hook is not None:
        service.hook = lambda handler, asked, number: answers(handler, 200, hook)
    assert [(one.field, one.code) for one in the_store(service, key=key).check()] == [(field, code)]


def test_a_service_that_obeys_anybody_is_told_apart():
    careless = Receiver(lambda handler, number: answers(handler, 200, {"protocol": 1}))
    try:
        assert [one.code for one in the_store(careless).check()] == ["unsigned_accepted"]
    finally:
        careless.close()


def hears_and_says(said):
    return lambda connection, over: (connection.recv(9999), connection.sendall(said))


@pytest.mark.parametrize(
    ("serve", "error", "fault"),
    [
        pytest.param(lambda connection, over: over.wait(5), StoreUnavailable, "timeout", id="says-nothing"),
        pytest.param(hears_and_says(b""), StoreUnavailable, "connection", id="hangs-up"),
        pytest.param(hears_and_says(b"SSH-2.0\r\n\r\n"), StoreMisconfigured, "unexpected_answer", id="no-http"),
        pytest.param(
            hears_and_says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
            StoreMisconfigured,
            "unexpected_answer",
            id="half-an-answer",
        ),
    ],
)
def test_a_connection_that_goes_wrong(serve, error, fault):
    with raw(serve) as port, pytest.raises(error, match=f"^{fault}$"):
        chunk(the_store(None, url=f"http://127.0.0.1:{port}/", seconds=1))


def test_nobody_listens(service):
    service.close()
    with pytest.raises(StoreUnavailable, match="connection"):
        chunk(the_store(service))


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        pytest.param({"url": "http://service.example/"}, "url", "not_https", id="not-encrypted"),
        pytest.param({"url": "https://10.0.0.1/"}, "url", "forbidden_address", id="private"),
        pytest.param({"url": "https://169.254.169.254/"}, "url", "forbidden_address", id="metadata"),
        pytest.param({"url": "https://localhost/"}, "url", "forbidden_address", id="this-machine"),
        pytest.param({"url": "https://u:p@service.example/"}, "url", "credentials_in_url", id="password"),
        pytest.param({"url": ""}, "url", "blank", id="empty"),
        pytest.param({}, "url", "required", id="none"),
        pytest.param({"url": "https://s.example/", "seconds": 0}, "seconds", "out_of_range", id="no-time"),
        pytest.param({"url": "https://s.example/", "retries": 3}, "retries", "unknown", id="unknown"),
    ],
)
def test_settings_that_are_refused(values, field, code):
    with pytest.raises(InvalidInput) as caught:
        rules.read(values, allow_private=False)
    assert (field, code) in [(fault.field, fault.code) for fault in caught.value.errors]


def test_a_name_that_leads_inside_is_not_called_even_if_it_was_accepted(service):
    settings = rules.read({"url": service.url}, allow_private=True)
    store = ServiceStore(settings, KEY, now=NOW, allow_private=False)
    with pytest.raises(StoreMisconfigured, match="forbidden_address"):
        chunk(store)
    assert service.calls == []


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_!!", "whsec_AAAA", "AAAA" * 8, "whsec_" + "A" * 200])
def test_a_secret_has_its_form(text):
    with pytest.raises(ValueError):
        rules.key(text)
    assert isinstance(RUN, UUID)
