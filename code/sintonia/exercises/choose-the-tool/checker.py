"""Cases with and without facts, form and examples; last the ones that stand exactly on a border."""

from sintonia.exercises.judging import failed

TOOLS = {"prompt", "retrieval", "fine-tuning"}
CASES = [  # passed, needed, lacks, examples, expected
    (0.95, 0.90, [], 0, ["prompt"]),
    (0.95, 0.90, ["form"], 5000, ["prompt"]),
    (0.97, 0.90, ["facts", "form"], 5000, ["prompt"]),
    (0.50, 0.90, ["facts"], 0, ["retrieval"]),
    (0.50, 0.90, ["facts"], 5000, ["retrieval"]),
    (0.50, 0.90, ["form"], 5000, ["fine-tuning"]),
    (0.50, 0.90, ["form"], 40, ["prompt"]),
    (0.50, 0.90, ["facts", "form"], 900, ["retrieval", "fine-tuning"]),
    (0.50, 0.90, ["form", "facts"], 900, ["retrieval", "fine-tuning"]),
    (0.50, 0.90, ["facts", "form"], 40, ["retrieval"]),
    (0.89, 0.90, [], 5000, ["prompt"]),
    (0.90, 0.90, ["facts"], 0, ["prompt"]),
    (0.50, 0.90, ["form"], 199, ["prompt"]),
    (0.50, 0.90, ["form"], 200, ["fine-tuning"]),
]


def check(work):
    for passed, needed, lacks, examples, expected in CASES:
        case = {"passed": passed, "needed": needed, "lacks": lacks, "examples": examples}
        found = work.call("choose", case)
        tools = named(found)
        if tools is None:
            key = "no-list"
        elif tools == set(expected):
            continue
        else:
            key = reason(case, tools, set(expected))
        yield failed(key, found, expected)
        return


def named(found):
    """The tools as a set, or None when the answer is no collection of them."""
    if not isinstance(found, (list, tuple, set, frozenset)):
        return None
    if not all(isinstance(tool, str) and tool in TOOLS for tool in found):
        return None
    return set(found) if len(set(found)) == len(found) else None


def reason(case, tools, expected):
    """The key of the mistake that explains the difference."""
    if case["passed"] >= case["needed"]:
        return "border" if case["passed"] == case["needed"] else "prompt-first"
    if not tools:
        return "nothing-left"
    if "fine-tuning" in tools - expected:
        return "few-examples" if "form" in case["lacks"] else "facts-tuned"
    if "retrieval" in tools - expected:
        return "no-facts-missing"
    if case["examples"] == 200:
        return "border"
    return "prompt-fails" if "prompt" in tools - expected else "both"
