"""A reader of one tenant in a process of its own, so that it waits for the database alone.

It reads from standard input, as JSON, how to connect and whom to read. It prints a line when it has begun, reads until
standard input ends, then prints the 99th percentile of what its reads took, in milliseconds.
"""

import json
import statistics
import sys
import threading
import time

import psycopg

PAUSE = 0.002
LATEST = "SELECT m.id, m.sealed FROM retention_message m WHERE m.organization_id = %s ORDER BY m.id DESC LIMIT 50"


def main() -> None:
    """Read until told to stop."""
    asked = json.loads(sys.stdin.readline())
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    took: list[float] = []
    with psycopg.connect(**asked["connect"], autocommit=True) as connected:
        connected.execute(LATEST, [asked["organization"]]).fetchall()
        print("reading", flush=True)
        while not over.is_set():
            began = time.perf_counter()
            connected.execute(LATEST, [asked["organization"]]).fetchall()
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE)
    print(statistics.quantiles(took, n=100)[98])


if __name__ == "__main__":
    main()
