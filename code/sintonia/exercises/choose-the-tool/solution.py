def choose(case):
    if case["passed"] >= case["needed"]:
        return ["prompt"]
    tools = []
    if "facts" in case["lacks"]:
        tools.append("retrieval")
    if "form" in case["lacks"] and case["examples"] >= 200:
        tools.append("fine-tuning")
    return tools or ["prompt"]
