"""The parts of the walk: a caller of the REST interface, two clients with canaries, and the search for what is left."""

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path

import psycopg
import redis

CANARIES = ("canary-mail", "canary-name", "canary-id", "CANARY TEXT", "CANARY TITLE", "CANARY CONTEXT", "CANARY SCORE")
DEPARTMENTS = ("Production", "Sales")
PEOPLE = 24


class Caller:
    """Calls the REST interface with one token, through ``send(method, path, headers, body) -> (status, bytes)``."""

    def __init__(self, send, token):
        self._send = send
        self._token = token

    def __call__(self, method, path, body=None, *, expect=200, key=None):
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        status, raw = self._send(method, f"/api/v1/{path}", headers, None if body is None else json.dumps(body))
        assert status == expect, f"{method} {path}: {status} {raw[:600]!r}"
        try:
            return json.loads(raw)
        except ValueError:
            return raw

    def with_file(self, path, values, *, field="proof", content="what the client wrote", expect=200):
        """Post a form with a file."""
        parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in values.items()]
        file = f'Content-Disposition: form-data; name="{field}"; filename="letter.txt"\r\nContent-Type: text/plain'
        body = "".join(f"--walk\r\n{part}\r\n" for part in (*parts, f"{file}\r\n\r\n{content}")) + "--walk--\r\n"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "multipart/form-data; boundary=walk"}
        status, raw = self._send("POST", f"/api/v1/{path}", headers, body)
        assert status == expect, f"POST {path}: {status} {raw[:600]!r}"
        return json.loads(raw)


def register(call, number, mark):
    """Register a client with people; ``mark`` begins every identifier of its people."""
    organization = call(
        "POST",
        "organizations",
        {
            "name": f"Client {number}",
            "country": "FR",
            "time_zone": "Europe/Paris",
            "registration_number": f"W{number:08}",
        },
        expect=201,
    )["public_id"]
    people = [
        {
            "external_id": f"{mark}-id-{n:02}",
            "email": f"{mark}-mail-{n:02}@client{number}.example",
            "display_name": f"{mark}-name {n:02}",
            "department": DEPARTMENTS[n % 2],
        }
        for n in range(PEOPLE)
    ]
    added = call("POST", f"organizations/{organization}/licensed-users", people)
    assert added == {"created": PEOPLE, "changed": 0, "same": 0}
    return organization


def draft(call, organization, starts_on, **values):
    """Draft a contract that renews yearly with three months' notice; return its id."""
    body = {
        "organization": organization,
        "reference": "C-1",
        "concluded_on": (starts_on - timedelta(days=3)).isoformat(),
        "starts_on": starts_on.isoformat(),
        "governing_law": "FR",
        "first_term_months": 12,
        "renewal_term_months": 12,
        "notice_length": 3,
        "notice_unit": "months",
        "annual_fee": "12000.00",
        "currency": "EUR",
        **values,
    }
    return call("POST", "contracts", body, expect=201)["public_id"]


def content(mark, at, messages=120):
    """Return lines of content of every kind; three kinds of diagnostics over two months, by every person."""
    shout = mark.upper()
    lines = []
    for n in range(PEOPLE):
        author, talk = f"{mark}-id-{n:02}", f"{mark}-talk-{n:02}"
        lines.append(
            {"kind": "conversation", "id": talk, "at": at.isoformat(), "author": author, "title": f"{shout} TITLE"}
        )
        for turn in range(messages // PEOPLE):
            role = {"role": "assistant"} if turn % 2 else {"role": "user", "author": author}
            lines.append(
                {
                    "kind": "message",
                    "id": f"{talk}-{turn}",
                    "at": (at + timedelta(minutes=turn)).isoformat(),
                    "conversation": talk,
                    "text": f"{shout} TEXT {turn}",
                    **role,
                }
            )
        lines.append(
            {
                "kind": "context_item",
                "id": f"{mark}-item-{n}",
                "at": at.isoformat(),
                "author": author,
                "name": "team",
                "text": f"{shout} CONTEXT",
            }
        )
        for month in range(2):
            lines.append(
                {
                    "kind": "diagnostic",
                    "id": f"{mark}-diagnostic-{n}-{month}",
                    "at": (at - timedelta(days=31 * month)).isoformat(),
                    "author": author,
                    "type": ("tone", "clarity")[n % 2 if month else 0],
                    "payload": {"score": f"{shout} SCORE"},
                }
            )
    return lines


def ingest(call, organization, lines):
    """Send content in batches; the same batch again, with the same key, stores nothing twice."""
    for start in range(0, len(lines), 500):
        batch = lines[start : start + 500]
        path, key = f"organizations/{organization}/content", hashlib.sha256(str(batch).encode()).hexdigest()
        first = call("POST", path, batch, key=key)
        assert (first["created"], first["rejected"]) == (len(batch), [])
        assert call("POST", path, batch, key=key) == first


def rows_of(dsn, organization):
    """Return a digest of each table's rows of one organization, read by the server's administrator."""
    found = {}
    with psycopg.connect(dsn) as connection:
        (pk,) = connection.execute(
            "SELECT id FROM accounts_organization WHERE public_id = %s", [organization]
        ).fetchone()
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'organization_id'"
        ).fetchall()
        for (table,) in [*tables, ("accounts_organization",)]:
            column = "id" if table == "accounts_organization" else "organization_id"
            digest = "md5(string_agg(t::text, E'\\n' ORDER BY t::text))"
            query = f"SELECT count(*), {digest} FROM {table} AS t WHERE {column} = %s"
            found[table] = connection.execute(query, [pk]).fetchone()
    return found


def canaries_in_tables(dsn, canaries=CANARIES):
    """Return every table and canary found anywhere in its rows: as text, or as the bytes of a text."""
    found = []
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm', 'v') "
            "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        ).fetchall()
        for (table,) in tables:
            for canary in canaries:
                for shape in (canary, canary.encode().hex()):
                    (count,) = connection.execute(
                        f"SELECT count(*) FROM {table} AS t WHERE position(lower(%s) IN lower(t::text)) > 0", [shape]
                    ).fetchone()
                    found += [(table, canary, count)] if count else []
    return found


def canaries_in_valkey(url, canaries=CANARIES):
    """Return every key of the broker and cache in whose name or value a canary stands."""
    found = []
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            raw = key + (client.dump(key) or b"")
            found += [(key, canary) for canary in canaries if canary.lower().encode() in raw.lower()]
    return found


def canaries_in_files(folder, canaries=CANARIES):
    """Return every file, but the database's own, in whose name or content a canary stands."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("postgresql", "valkey")]
        for name in names:
            raw = (name.encode() + (Path(place) / name).read_bytes()).lower()
            found += [(f"{place}/{name}", canary) for canary in canaries if canary.lower().encode() in raw]
    return found
