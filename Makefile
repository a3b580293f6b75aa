# `make test` makes the environment from the hashed lock if it is not there, then runs the whole suite.
.PHONY: test
PYTHON ?= $(shell for p in python3.13 python3.14 python3.12 python3; do \
	$$p -c 'import sys; sys.exit(not (3,12) <= sys.version_info[:2] < (3,15))' 2>/dev/null && { echo $$p; break; }; done)

.venv/.made: requirements.lock
	@test -n "$(PYTHON)" || { echo "Terme needs Python 3.12, 3.13 or 3.14; none was found."; exit 1; }
	@if command -v uv >/dev/null; then \
		uv venv -q --clear --python "$(PYTHON)" .venv && uv pip install -q --python .venv/bin/python --require-hashes -r requirements.lock; \
	else $(PYTHON) -m venv --clear .venv && .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; fi
	@touch $@

test: .venv/.made
	.venv/bin/python -m pytest
