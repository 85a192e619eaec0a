# Each target sets up what it needs in .venv from the locked requirements; nothing global is touched.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PAGE := runtime/console/page
BUILT := $(PAGE)/static/built/editor.js

.PHONY: run page test check bench soak faults fuzz image manifests apiserver sbom lock format clean help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(STAMP): requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "edgescript needs Python 3.11 or newer: make PYTHON=python3.11" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP)  ## an origin, a console, nodes for staging and production with the example scripts, on loopback
	@$(BIN)/python -m runtime.demo

page: $(BUILT)  ## the console page's editor and charts, from locked npm packages (needs Node 18 and npm; the page works without)

$(BUILT): $(PAGE)/package-lock.json $(PAGE)/build.js $(wildcard $(PAGE)/sources/*.js) $(PAGE)/static/editor/place.js
	@command -v npm >/dev/null || { echo "make page needs Node 18 or newer and npm; without them the page has a plain editor and tables" >&2; exit 2; }
	cd $(PAGE) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build

test: $(STAMP)  ## the whole suite
	$(BIN)/python -m pytest -n auto --dist loadgroup

check: $(STAMP)  ## format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/architecture

bench: $(STAMP)  ## side by side with nginx + Lua, Varnish and HAProxy, into loadtest/RESULTS.md
	$(BIN)/python -m loadtest.bench

soak: $(STAMP)  ## the realistic mix for ten minutes, into loadtest/SOAK.md; SOAK='--minutes 1' for less
	$(BIN)/python -m loadtest.soak $(SOAK)

faults: $(STAMP)  ## trouble of all kinds for a node under load, into loadtest/FAULTS.md; FAULTS='--only NAME' for one
	$(BIN)/python -m loadtest.faults $(FAULTS)

fuzz: $(STAMP)  ## feed bytes to everything that reads some, a minute each; FUZZ='--seconds 5 --target check' for less
	nice -n 10 $(BIN)/python -m tests.fuzz $(FUZZ)

.venv-deploy/.installed: deploy/requirements.lock
	@test -x .venv-deploy/bin/python || $(PYTHON) -m venv .venv-deploy
	.venv-deploy/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements.lock
	@touch $@

manifests: $(STAMP) .venv-deploy/.installed  ## render the Kubernetes manifests and the chart, check them against schemas and policy, and on an API server if there is one
	$(BIN)/python -m pytest tests/kubernetes -rs

apiserver:  ## build an API server for `make manifests` to apply them to (Debian 12, root, ten minutes)
	tests/kubernetes/build_api_server.sh

sbom: .venv-deploy/.installed  ## what the image is made of (CycloneDX), from the locks, into build/sbom.json; IMAGE=NAME for its system's packages too
	@deploy/image/sbom.sh $(IMAGE)

image:  ## build the container, with docker, podman or buildah; BASE=IMAGE for another base, by tag or digest
	@deploy/image/build.sh

format: $(STAMP)  ## apply the formatter and the lint fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## renew the hash-locked requirements (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock pyproject.toml
	echo 'setuptools>=77' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-build.lock -
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o deploy/requirements.lock deploy/requirements.in
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-header -o requirements-dev.lock pyproject.toml

clean:  ## remove the virtual environment and caches
	rm -rf .venv .venv-deploy build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
