"""Why the hub did not give a model or a dataset, in one sentence with the way that needs no network.

transformers and datasets wrap what the hub client raises, each in its own words; the client's own class
stands further down the chain, and it alone tells a gated model from a lost connection.
"""

from __future__ import annotations

from collections.abc import Iterator

from sintonia.errors import Fault, first_line

MODEL, DATASET = "model", "dataset"
_OFFLINE_WAY = {
    MODEL: "without a network, leave --model out (the embedded model) or pass a folder that "
    "`hf download {name} --local-dir FOLDER` filled elsewhere",
    DATASET: "without a network, pass a file, or a folder that "
    "`hf download {name} --repo-type dataset --local-dir FOLDER` filled elsewhere",
}
# Names of classes, so that what is not installed need not be imported to be told apart.
_UNREACHABLE = {
    *("OfflineModeIsEnabled", "LocalEntryNotFoundError", "ConnectError", "ConnectTimeout", "ReadTimeout"),
    *(
        "TimeoutException",
        "ConnectionError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "TimeoutError",
    ),
    *("ReadError", "NetworkError", "ProxyError", "gaierror", "ClientConnectorError", "ClientConnectionError"),
}
_CUT_SHORT = {"IncompleteSnapshotError", "RemoteProtocolError", "IncompleteRead", "ClientPayloadError"}
_CUT_SHORT |= {"XetDownloadError", "CorruptedCacheException"}


def hub_fault(error: BaseException, name: str, kind: str = MODEL) -> Fault | None:
    """What the hub client says of a name, read off an error and those that it was raised from.

    Args:
        name: of the model or dataset, as the caller gave it.
        kind: `MODEL` or `DATASET`.

    Returns:
        `None` where the hub has nothing to do with the error.

    Example:
        >>> hub_fault(KeyError("hidden_size"), "org/model") is None
        True

    Explained in: chat-templates.md#run-it
    """
    chain = list(_chain(error))
    names = [{one.__name__ for one in type(link).__mro__} for link in chain]

    def first(*wanted: str) -> BaseException | None:
        return next((link for link, own in zip(chain, names, strict=True) if own & set(wanted)), None)

    offline = _OFFLINE_WAY[kind].format(name=name)
    at_hand = "a file or folder here, or a dataset on the hub" if kind == DATASET else "a model at hand"
    page = f"https://huggingface.co/{'datasets/' if kind == DATASET else ''}{name}"
    if first("GatedRepoError"):
        fix = f"ask for access at {page} and run `hf auth login`; {offline}"
        return Fault(name, f"a gated {kind}, and no access to it", f"a {kind} that you may read", fix)
    if first("RepositoryNotFoundError", "DatasetNotFoundError"):
        fix = f"check the name; a private one needs `hf auth login`; {offline}"
        return Fault(name, f"no such {kind} on the hub, or a private one", at_hand, fix)
    if first("RevisionNotFoundError"):
        return Fault(name, "no such revision on the hub", "a branch, tag or commit", f"see {page}; {offline}")
    if first("DisabledRepoError"):
        return Fault(name, f"a {kind} that the hub has shut off", f"another {kind}", offline)
    if first(*_CUT_SHORT) or any("Consistency check failed" in str(link) for link in chain):
        fix = f"give the same command again, it goes on where it stopped; {offline}"
        return Fault(name, "a download that stopped half-way", "every file whole", fix)
    if _is_offline() and first(*_UNREACHABLE):
        fix = f"unset HF_HUB_OFFLINE for the first download; {offline}"
        return Fault(name, "HF_HUB_OFFLINE set, and none in the cache", at_hand, fix)
    if lost := first(*_UNREACHABLE):
        fix = f"check the name and the connection; {offline}"
        return Fault(name, f"the hub cannot be reached ({first_line(lost)})", at_hand, fix)
    if missing := first("EntryNotFoundError"):
        fix = f"see which files {page} has; {offline}"
        return Fault(name, f"a file that is not there ({first_line(missing)})", f"a whole {kind}", fix)
    if answer := first("HfHubHTTPError", "HTTPStatusError"):
        fix = f"try again later; {offline}"
        return Fault(name, f"an answer that is no {kind} ({first_line(answer)})", f"the {kind}", fix)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_offline() -> bool:
    try:
        from huggingface_hub import constants
    except ImportError:
        return False
    return bool(constants.HF_HUB_OFFLINE)
