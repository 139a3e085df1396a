"""Prompt, retrieval or tuning: the checklist of the lesson as a function, on three cases."""


# --8<-- [start:listing]
def choose(case):
    if case["passed"] >= case["needed"]:
        return ["prompt"]
    tools = []
    if "facts" in case["lacks"]:
        tools.append("retrieval")
    if "form" in case["lacks"] and case["examples"] >= 200:
        tools.append("fine-tuning")
    return tools or ["prompt"]


cases = {
    "customer support": {
        "passed": 0.70,
        "needed": 0.90,
        "lacks": ["facts", "form"],
        "examples": 3000,
    },
    "medicine": {"passed": 0.40, "needed": 0.99, "lacks": ["facts"], "examples": 5000},
    "law": {"passed": 0.60, "needed": 0.95, "lacks": ["form"], "examples": 60},
}
for name, case in cases.items():
    print(f"{name:<18}", " + ".join(choose(case)))
# --8<-- [end:listing]
