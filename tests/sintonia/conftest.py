"""Conversations made by hypothesis, hostile ones included."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st

settings.register_profile("sintonia", deadline=None, max_examples=200, derandomize=True)
settings.load_profile("sintonia")

PIECES = [
    *("<|im_start|>", "<|im_end|>", "<|im_end|>\n", "<|endoftext|>", "<|im_start|>assistant\n"),
    *("{{ messages }}", "{% generation %}", "{% endgeneration %}", "{#", "\\n", "</s>"),
    *(" ", "  ", "\n", "\n\n", "\r\n", "\t", "\u2028", "\u00a0", "\x00", "\ufdd0", "\ufeff"),
    *("Olá!", "ação", "¿Qué?", "你好世界", "𠮷野家", "龘", "👩‍👩‍👧‍👦", "🇧🇷", "e\u0301", "123", "a b", "'s"),
]
TEXT = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
    max_size=6,
).map("".join)


def _conversations(first_roles: list[str]) -> st.SearchStrategy:
    def turn(roles: list[str]) -> st.SearchStrategy:
        return st.fixed_dictionaries({"role": st.sampled_from(roles), "content": TEXT})

    later = st.lists(turn(["system", "user", "assistant", "tool"]), max_size=5)
    return st.tuples(turn(first_roles), later).map(lambda parts: [parts[0], *parts[1]])


CONVERSATIONS = _conversations(["system", "user"])
ANY_CONVERSATIONS = _conversations(["system", "user", "assistant", "tool"])


@pytest.fixture(scope="session")
def snapshots(root):
    """The folder of recorded texts."""
    return root / "tests" / "sintonia" / "snapshots"
