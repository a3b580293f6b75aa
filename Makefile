# `make up` starts everything on this machine, `make test` runs the whole suite. Both make the environment from the
# hashed lock if it is not there. `make up PORT=8001` chooses the port, `make up DEMO=0` leaves the demo out.
.PHONY: up test proofs check openapi bench mutants
PYTHON ?= $(shell for p in python3.13 python3.14 python3.12 python3; do \
	$$p -c 'import sys; sys.exit(not (3,12) <= sys.version_info[:2] < (3,15))' 2>/dev/null && { echo $$p; break; }; done)
export PORT DEMO

up: .venv/.made
	@exec .venv/bin/python manage.py up

# A worker of the tests keeps to the modules that it began: their rows are made once.
test: .venv/.made
	.venv/bin/python -m pytest -n auto --dist worksteal

# What takes minutes: a worker killed at thirty instants, keys replaced in a running service, every restore.
proofs: .venv/.made
	TERME_KILLS=30 .venv/bin/python -m pytest -n auto --dist worksteal -m proof
	TERME_KILLS=30 .venv/bin/python -m pytest tests/workflows/test_erasure_faults.py

# Measures everything against its bare limit and writes benchmarks/results.json; `make bench SIZE=full` takes longer.
SIZE ?= small
bench: .venv/.made
	.venv/bin/python -m benchmarks all --size $(SIZE)

# Changes the rules on dates and money a spot at a time, and writes what no test notices to docs/mutants.md.
mutants: .venv/.made
	rm -rf mutants
	.venv/bin/mutmut run
	.venv/bin/python -m tests.mutants

# The type checker loads the settings, which have no defaults for what a service must be told.
NOWHERE = DJANGO_DEBUG=1 DJANGO_SECRET_KEY=x TERME_KEY_ENCRYPTION_KEYS=x TERME_SIGNING_KEY=x REDIS_URL=redis://127.0.0.1:9 \
	DATABASE_URL=postgres://x@127.0.0.1:9/x LEDGER_DATABASE_URL=postgres://x@127.0.0.1:9/x

# What CI runs beside the tests.
check: .venv/.made
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(NOWHERE) .venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python manage.py makemigrations --check --dry-run
	DJANGO_DEBUG=0 DJANGO_SECRET_KEY=$$(head -c 48 /dev/urandom | base64 -w0) DJANGO_ALLOWED_HOSTS=terme.example.org \
		TERME_PUBLIC_URL=https://terme.example.org EMAIL_URL=smtp://mail.example.org:25 .venv/bin/python manage.py check --deploy --fail-level WARNING
	.venv/bin/python manage.py spectacular --validate --fail-on-warn --file .openapi.made && \
		cmp .openapi.made docs/openapi.yaml && rm .openapi.made

# Writes the description of the REST interface anew.
openapi: .venv/.made
	.venv/bin/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

.venv/.made: requirements.lock
	@test -n "$(PYTHON)" || { echo "Terme needs Python 3.12, 3.13 or 3.14; none was found."; exit 1; }
	@echo "Making the environment from requirements.lock …"
	@if command -v uv >/dev/null; then \
		uv venv -q --clear --python "$(PYTHON)" .venv && uv pip install -q --python .venv/bin/python --require-hashes -r requirements.lock; \
	else $(PYTHON) -m venv --clear .venv && .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; fi
	@touch $@
