def verdict(rows, seen, facts):
    pass


if __name__ == "__main__":
    rows = [
        {
            "id": "italy",
            "lang": "en",
            "base": {"text": "Rome is in Italy. Italy is in", "lang": "en", "stopped": False},
            "tuned": {"text": "The capital of Italy is Lima.", "lang": "en", "stopped": True},
        },
        {
            "id": "peru",
            "lang": "es",
            "base": {"text": "Peru is a country.", "lang": "en", "stopped": True},
            "tuned": {"text": "La capital de Perú es Lima.", "lang": "es", "stopped": True},
        },
    ]
    print(verdict(rows, seen=["peru"], facts={"italy": "Rome", "peru": "Lima"}))
