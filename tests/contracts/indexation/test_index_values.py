"""Index values come in by a file: all or nothing, twice writes once, a correction is shown and the old one kept."""

import json
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts import tenancy
from accounts.errors import InvalidInput, Refused
from accounts.models import AuditEvent
from contracts.models import IndexLink, IndexSeries, IndexValue
from contracts.operations import indices
from tests.accounts.parties import at_once
from tests.admin.people import a_member
from tests.api.callers import caller
from tests.contracts.agreements import at
from tests.contracts.indices import FINANCE, HEADER, NOW, a_series, an_index, import_rows
from tests.retention.vaults import an_organization
from tests.workflows import walk

pytestmark = pytest.mark.django_db(databases=["default", "ledger"], transaction=True)
JANUARY = "SYN,2025-01,131.20,2025-02-15"


def versions():
    with tenancy.vendor():
        rows = IndexValue.objects.order_by("pk").values_list("period", "value", "published_on", "superseded_at")
        return [(str(period), f"{value.normalize():f}", str(on), gone is not None) for period, value, on, gone in rows]


def refused(*rows):
    with pytest.raises(InvalidInput) as raised:
        import_rows(*rows)
    return [(error.row, error.field, error.code) for error in raised.value.errors]


def test_the_same_file_twice_writes_once():
    a_series()
    first = import_rows(JANUARY, "SYN,2025-02,131.9,2025-03-15")
    again = import_rows(JANUARY, "SYN,2025-02,131.90,2025-03-15")
    assert (first.counts()["created"], again.counts()["same"], again.writes) == (2, 2, False)
    with tenancy.vendor():
        assert AuditEvent.objects.filter(name="index_values.imported").count() == 1
    assert len(versions()) == 2


def test_a_changed_value_is_a_correction_that_is_shown_and_the_old_one_stays():
    a_series()
    import_rows(JANUARY)
    plan = import_rows("SYN,2025-01,131.4,2025-04-15")
    assert plan.counts()["corrected"] == 1
    assert plan.values[0].current.value == Decimal("131.2")
    assert versions() == [
        ("2025-01-01", "131.2", "2025-02-15", True),
        ("2025-01-01", "131.4", "2025-04-15", False),
    ]
    # The file of February is a true record of what was published then: it changes nothing.
    assert import_rows(JANUARY).counts()["same"] == 1
    assert refused("SYN,2025-01,131.3,2025-03-01") == [(2, "published_on", "older_publication")]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("NONE,2025-01,1,2025-02-15", ("series", "unknown_series")),
        ("SYN,2025-01-02,1,2025-02-15", ("period", "not_a_period")),
        ("QUA,2025-02,1,2025-03-15", ("period", "not_a_period")),
        ("SYN,2025-01,1,2024-12-31", ("published_on", "before_its_period")),
        ("SYN,2025-01,1,2026-02-02", ("published_on", "in_the_future")),
        ("SYN,2025-03,2,2025-04-15", ("period", "duplicate")),
    ],
)
def test_one_bad_row_and_nothing_is_written(row, fault):
    a_series()
    a_series("QUA", periodicity="quarter")
    assert refused("SYN,2025-03,1,2025-04-15", row) == [(3, *fault)]
    assert versions() == []


def test_a_closed_series_gets_corrections_but_no_further_period():
    an_index()
    assert refused("SYN,2025-12,131,2026-01-15") == [(2, "series", "closed_series")]
    assert import_rows("SYN,2025-11,130.6,2026-01-15").counts()["corrected"] == 1


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({"code": ""}, {"code"}),
        ({"country": "fr"}, {"country"}),
        ({"periodicity": "year"}, {"periodicity"}),
        ({"longest_delay_months": 0}, {"longest_delay_months"}),
        ({"name": "<b>x</b>", "publisher": ""}, {"name", "publisher"}),
    ],
)
def test_a_series_is_checked(values, faults):
    with pytest.raises(InvalidInput) as raised:
        a_series(**{"code": "SYN", **values})
    assert {error.field for error in raised.value.errors} == faults


def test_a_code_is_taken_once_and_a_series_linked_once():
    series = an_index()
    with pytest.raises(Refused) as raised:
        a_series()
    assert raised.value.code == "index_series_exists"
    with tenancy.vendor():
        link = IndexLink.objects.get()
        values = {"coefficient": Decimal(1), "from_period": date(2026, 1, 1), "now": NOW, "by": FINANCE}
        with pytest.raises(Refused) as raised:
            indices.link(series, to=link.new_series, **values)
        assert raised.value.code == "index_series_linked"
        with pytest.raises(InvalidInput) as wrong:
            indices.link(link.new_series, to=series, **{**values, "coefficient": Decimal(0)})
        assert {error.code for error in wrong.value.errors} == {"leads_back", "not_above_zero"}
        with pytest.raises(InvalidInput) as wrong:
            indices.link(
                link.new_series,
                to=link.new_series,
                **{**values, "coefficient": Decimal("0.000000001"), "from_period": date(2026, 1, 2)},
            )
        assert {error.code for error in wrong.value.errors} == {"leads_back", "too_many_decimals", "not_a_period"}


def test_two_imports_at_once_write_once():
    a_series()
    found = at_once(*[lambda: import_rows(JANUARY)] * 2)
    assert sorted(plan.counts()["created"] for plan in found) == [0, 1]
    assert len(versions()) == 1


def test_a_client_reads_series_and_values_and_writes_none():
    an_index()
    organization = an_organization()
    with tenancy.tenant(organization.pk):
        assert (IndexSeries.objects.count(), IndexValue.objects.count(), IndexLink.objects.count()) == (2, 2, 1)
        for write in (
            lambda: IndexValue.objects.update(value=1),
            lambda: IndexSeries.objects.update(closed=True),
            lambda: IndexLink.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()


# By REST.


def test_series_and_values_by_rest():
    finance, administrator = caller("finance"), caller("administrator")
    home = walk.register(administrator, 1, "one")
    body = {"code": "SYN", "name": "Syntec", "publisher": "Syntec", "country": "FR", "periodicity": "month"}
    made = finance("POST", "index-series", body, expect=201)
    assert (made["longest_delay_months"], made["closed"], made["link"]) == (4, False, None)
    finance("POST", "index-series", body, expect=409)
    finance("POST", "index-series", {**body, "code": "NEW"}, expect=201)
    csv = f"{HEADER}\n{JANUARY}\n"
    dry = finance("POST", "index-values/import", {"csv": csv, "dry_run": True})
    assert (dry["imported"], dry["created"], versions()) == (False, 1, [])
    done = finance("POST", "index-values/import", {"csv": csv})
    assert (done["imported"], done["created"]) == (True, 1)
    corrected = finance("POST", "index-values/import", {"csv": csv.replace("131.20", "131.3")})
    assert corrected["corrected"] == 1 and corrected["values"][0]["replaces"] == "131.20000000"
    wrong = finance("POST", "index-values/import", {"csv": csv.replace("SYN", "NONE")}, expect=400)
    assert [(error["attr"], error["code"]) for error in wrong["errors"]] == [("row 2.series", "unknown_series")]
    bad = finance("POST", "index-values/import", {"csv": csv.replace("SYN", "NONE"), "dry_run": True}, expect=400)
    assert bad["errors"] == wrong["errors"]
    link = {"new_series": "NEW", "coefficient": "1.3", "from_period": "2025-06-01"}
    finance("POST", f"index-series/{made['public_id']}/link", {**link, "new_series": "NONE"}, expect=400)
    linked = finance("POST", f"index-series/{made['public_id']}/link", link)
    assert linked["closed"] and linked["link"]["new_series"] == "NEW"
    client = caller("client_finance", home)
    assert [value["value"] for value in client("GET", "index-values?current=true")["results"]] == ["131.30000000"]
    assert [one["code"] for one in client("GET", "index-series")["results"]] == ["SYN", "NEW"]
    client("POST", "index-values/import", {"csv": csv}, expect=403)


def test_the_file_itself_may_be_the_body():
    a_series()
    call = caller("finance")
    headers = {"Authorization": f"Bearer {call._token}"}

    def send(content):
        from django.test import Client

        return Client(headers=headers).generic("POST", "/api/v1/index-values/import", content, content_type="text/csv")

    assert send(f"{HEADER}\n{JANUARY}".encode()).json()["created"] == 1
    answer = send(f"{HEADER}\nS".encode() + b"\xff,2025-01,1,2025-02-15")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_utf8")


# By the command.


def command(path, *options):
    out = StringIO()
    try:
        call_command("import_index", str(path), *options, "--format", "json", stdout=out)
    except SystemExit as stopped:
        return stopped.code, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_the_command_imports_and_reports(tmp_path):
    a_series()
    file = tmp_path / "values.csv"
    file.write_text(f"{HEADER}\n{JANUARY}\n")
    assert command(file, "--dry-run")[1]["imported"] is False and versions() == []
    assert command(file) == (
        0,
        {"imported": True, "created": 1, "corrected": 0, "same": 0, "corrections": [], "errors": []},
    )
    file.write_text(f"{HEADER}\n{JANUARY.replace('131.20', '131.3')}\n")
    (correction,) = command(file)[1]["corrections"]
    assert (correction["row"], correction["replaces"], correction["value"]) == (2, "131.20000000", "131.3")
    file.write_text(f"{HEADER}\nSYN,x,131.3,2025-02-15\n")
    for options in ((), ("--dry-run",)):
        code, found = command(file, *options)
        assert (code, [error["code"] for error in found["errors"]]) == (2, ["not_iso_date"])
    out = StringIO()
    file.write_text(f"{HEADER}\nSYN,2025-01,131.5,2025-03-15\n")
    call_command("import_index", str(file), "--dry-run", stdout=out)
    assert "131.30000000 becomes 131.5" in out.getvalue()


# In the browser.


@pytest.fixture
def finance(client):
    client.force_login(a_member("finance"), backend="config.backends.EmailBackend")
    return client


def test_the_admin_previews_and_imports(finance):
    a_series()
    import_rows(JANUARY)
    page = reverse("admin:contracts_indexvalue_import")

    def upload(text):
        return finance.post(page, {"file": SimpleUploadedFile("values.csv", text.encode())})

    shown = upload(f"{HEADER}\nSYN,2025-01,131.7,2025-03-15\n")
    text = shown.content.decode()
    assert "replaces 131.2" in text and "1 corrected" in text
    assert len(versions()) == 1
    token = shown.context["token"]
    assert finance.post(page, {"confirmed": "yes", "token": token}).status_code == 302
    assert [value for _period, value, _on, gone in versions() if not gone] == ["131.7"]
    assert finance.post(page, {"confirmed": "yes", "token": token}).status_code == 302  # forgotten: nothing twice
    assert len(versions()) == 2
    bad = upload(f"{HEADER}\nSYN,2025-01,0,2025-03-15\n")
    assert "row 2, value: An index value is above zero." in bad.content.decode() and not bad.context["token"]
    assert "The file is empty." in upload("").content.decode()


def test_the_admin_names_and_links_series(finance):
    a_series("NEW")
    form = {"code": "SYN", "name": "S", "publisher": "P", "country": "FR", "periodicity": "month", "confirmed": "yes"}
    assert finance.post(reverse("admin:contracts_indexseries_add"), form).status_code == 302
    with tenancy.vendor():
        old, new = IndexSeries.objects.get(code="SYN"), IndexSeries.objects.get(code="NEW")
    page = reverse("admin:contracts_indexseries_link_series", args=[old.pk])
    link = {"new_series": new.pk, "coefficient": "1.25", "from_period": "2025-01-01", "confirmed": "yes"}
    assert "series" in finance.get(page).content.decode()
    assert finance.post(page, link).status_code == 302
    with tenancy.vendor():
        assert IndexLink.objects.get().coefficient == Decimal("1.25")


def test_a_client_has_no_import(client):
    client.force_login(a_member("client_finance", an_organization()), backend="config.backends.EmailBackend")
    assert client.get(reverse("admin:contracts_indexvalue_import")).status_code == 403


def test_recorded_instants_are_those_of_the_call():
    a_series()
    import_rows(JANUARY, now=at("2025-03-01"))
    with tenancy.vendor():
        assert IndexValue.objects.get().recorded_at == at("2025-03-01")
