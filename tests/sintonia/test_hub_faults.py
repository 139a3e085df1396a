"""What the hub refuses is said in one sentence: what happened, and the way that needs no network."""

from __future__ import annotations

import importlib
import subprocess

import pytest

from sintonia import InputError, models, sources
from sintonia.hub_faults import DATASET, MODEL, hub_fault

errors = pytest.importorskip("huggingface_hub.errors")
# The client of the hub's client: httpx, or what has taken its place.
httpx = importlib.import_module(errors.HfHubHTTPError.__mro__[1].__module__.split(".")[0])
NAME = "org/thing"
OFFLINE = {
    MODEL: "without a network, leave --model out (the embedded model) or pass a folder that "
    f"`hf download {NAME} --local-dir FOLDER` filled elsewhere",
    DATASET: "without a network, pass a file, or a folder that "
    f"`hf download {NAME} --repo-type dataset --local-dir FOLDER` filled elsewhere",
}


@pytest.fixture(autouse=True)
def connected(request, monkeypatch):
    """The suite runs offline; what is tried here is a network that is there and fails."""
    if "[offline" not in request.node.name:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


def answered(kind: str, status: int = 404) -> Exception:
    """An error of the hub client as it raises it: with the server's answer."""
    request = httpx.Request("GET", f"https://huggingface.co/{NAME}/resolve/main/config.json")
    return getattr(errors, kind)(f"{status} said the hub", response=httpx.Response(status, request=request))


def raised_from(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


CASES = {
    "unreachable": (lambda: httpx.ConnectError("no route to host"), "the hub cannot be reached (no route"),
    "name not resolved": (
        lambda: raised_from(httpx.ConnectError("x"), OSError("Name or service not known")),
        "the hub cannot be reached",
    ),
    "too slow": (lambda: httpx.ReadTimeout("timed out"), "the hub cannot be reached (timed out)"),
    "a proxy": (lambda: httpx.ProxyError("407"), "the hub cannot be reached (407)"),
    "gated": (lambda: answered("GatedRepoError", 401), "a gated {kind}, and no access to it"),
    "no such repository": (
        lambda: answered("RepositoryNotFoundError"),
        "no such {kind} on the hub, or a pri",
    ),
    "no such revision": (lambda: answered("RevisionNotFoundError"), "no such revision on the hub"),
    "shut off": (lambda: answered("DisabledRepoError", 403), "a {kind} that the hub has shut off"),
    "missing file": (lambda: answered("RemoteEntryNotFoundError"), "a file that is not there (404 said"),
    "no space at the server": (lambda: answered("HfHubHTTPError", 503), "an answer that is no {kind} (503"),
    "partial download": (
        lambda: OSError("Consistency check failed: file should be of size 9 but has size 3 (x)."),
        "a download that stopped half-way",
    ),
    "partial snapshot": (
        lambda: errors.IncompleteSnapshotError("2 file(s) are missing", "/cache"),
        "a download that stopped half-way",
    ),
    "cut connection": (
        lambda: httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        "a download that stopped half-way",
    ),
    "offline by choice": (
        lambda: errors.OfflineModeIsEnabled("HF_HUB_OFFLINE=1"),
        "HF_HUB_OFFLINE set, and none in the cache",
    ),
}


@pytest.mark.parametrize("kind", [MODEL, DATASET])
@pytest.mark.parametrize("case", CASES)
def test_each_refusal_has_its_sentence_and_the_offline_way(case, kind):
    make, said = CASES[case]
    fault = hub_fault(make(), NAME, kind)
    assert fault.where == NAME
    assert fault.found.startswith(said.format(kind=kind))
    assert fault.fix.endswith(OFFLINE[kind])
    assert "Traceback" not in str(fault) and "\n" not in str(fault)


@pytest.mark.parametrize("load", [models.load_model, models.load_tokenizer])
@pytest.mark.parametrize("case", CASES)
def test_a_model_of_the_hub(monkeypatch, load, case):
    make, said = CASES[case]

    def refuse(*arguments, **options):
        raise make()

    from transformers.utils import hub

    monkeypatch.setattr(hub, "hf_hub_download", refuse)
    monkeypatch.setattr(hub, "snapshot_download", refuse)
    with pytest.raises(InputError) as caught:
        load(NAME)
    message = str(caught.value)
    assert message.startswith(f"{NAME}: found ")
    assert OFFLINE[MODEL] in message or "leave --model out" in message


@pytest.mark.parametrize("case", ["gated", "unreachable", "no such repository", "partial download"])
def test_the_reason_survives_what_transformers_wraps_round_it(monkeypatch, case):
    make, said = CASES[case]

    def refuse(*arguments, **options):
        raise make()

    from transformers.utils import hub

    monkeypatch.setattr(hub, "hf_hub_download", refuse)
    with pytest.raises(InputError) as caught:
        models.load_tokenizer(NAME)
    assert f"found {said.format(kind=MODEL)}" in str(caught.value)


@pytest.mark.parametrize("case", CASES)
def test_a_dataset_of_the_hub(monkeypatch, case):
    datasets = pytest.importorskip("datasets")
    make, said = CASES[case]

    def refuse(*arguments, **options):
        raise raised_from(RuntimeError("wrapped"), make())

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(InputError) as caught:
        list(sources.read(NAME))
    assert str(caught.value).startswith(f"{NAME}: found {said.format(kind=DATASET)}")
    assert str(caught.value).endswith(OFFLINE[DATASET])


def test_what_is_no_matter_of_the_hub_is_left_to_others():
    assert hub_fault(ValueError("a bad config"), NAME) is None
    assert hub_fault(KeyError("x"), NAME) is None


def test_a_chain_that_bites_its_tail_ends():
    one, other = ValueError("a"), ValueError("b")
    one.__cause__, other.__cause__ = other, one
    assert hub_fault(one, NAME) is None


def test_offline_every_command_says_what_is_missing_and_none_hangs(spawn, rows_file, tmp_path):
    turns = [{"role": "user", "content": "Oi"}, {"role": "assistant", "content": "Olá"}]
    data = rows_file({"messages": turns})
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "empty")}
    for argv in (
        ["render", data, "--model", "org/thing"],
        ["chat", "--model", "org/thing"],
        ["render", "org/rows"],
    ):
        done = spawn(["-m", "sintonia", *argv], env=offline, stdin=subprocess.DEVNULL)
        assert done.returncode == 2, done.stderr
        assert "HF_HUB_OFFLINE set" in done.stderr and "without a network, " in done.stderr
        assert "Traceback" not in done.stderr
    assert spawn(["-m", "sintonia", "render", data], env=offline).returncode == 0
