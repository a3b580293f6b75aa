"""``python -m benchmarks NAME [--size small|full]``: measure, and print one JSON object as the last line."""

import argparse
import importlib
import json
import sys

from benchmarks import bench

# Each is a module of this package with ``measure(size)``.
NAMES = ("renewal", "erasure", "erasure_person", "erasure_memory", "trail", "entitlement", "rules", "lists", "scim")


def main() -> int:
    """Run one benchmark, or all of them one after the other (``all``, which also writes ``results.json``)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--size", choices=["small", "full"], default="small")
    options = parser.parse_args()
    if options.name == "all":
        return bench.run_all(NAMES, options.size)
    with bench.prepared(options.name):
        result = importlib.import_module(f"benchmarks.{options.name}").measure(options.size)
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
