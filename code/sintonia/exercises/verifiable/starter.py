def follows(reply, rules):
    pass


if __name__ == "__main__":
    print(follows("- tea\n- rice", {"items": 2, "max_words": 6}))
    print(follows("A seaside town.", {"excludes": ["sea"]}))
    print(follows('{"min": 3, "max": 11}', {"json_keys": ["max", "min"]}))
