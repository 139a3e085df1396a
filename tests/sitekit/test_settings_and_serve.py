"""One setting for the addresses, ports for serving, and no machine learning in sitekit."""

import argparse
import ast
import socket

import pytest

from sitekit import serve, settings


def test_addresses_come_from_one_setting(monkeypatch):
    project = settings.default_project()
    assert project.site_url == settings.pages_url(project.repo)
    assert project.repo in project.colab_url("x") and project.repo in project.edit_url("x")
    monkeypatch.setenv("SINTONIA_REPO", "Me/fork")
    monkeypatch.delenv("SITE_URL", raising=False)
    assert settings.site_address("Me/fork", project.site_url) == "https://me.github.io/fork/"
    monkeypatch.setenv("SITE_URL", "https://x.org/")
    assert settings.site_address("Me/fork", "https://x.org/") == "https://x.org/"
    # Committed notebooks do not depend on the environment.
    assert settings.default_project() == project


@pytest.mark.parametrize("text", ["", "abc", "0", "65536", "80.5", "-1", "８０"])
def test_bad_port_is_named(text):
    with pytest.raises(argparse.ArgumentTypeError, match="PORT: found"):
        serve.port_number(text)


def test_busy_port_is_bad_input(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.main(["--port", str(port)]) == 2
    assert f"PORT: found {port} in use; expected a free one" in capsys.readouterr().err


def test_bad_port_in_the_environment_is_bad_input(monkeypatch, capsys):
    monkeypatch.setenv("PORT", "high")
    with pytest.raises(SystemExit) as caught:
        serve.main([])
    assert caught.value.code == 2
    assert "PORT: found 'high'" in capsys.readouterr().err


def test_sitekit_imports_no_machine_learning():
    found = []
    for path in sorted((settings.ROOT / "code" / "sitekit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [
                f"{path.name}: {name}"
                for name in names
                if name.partition(".")[0] in {"torch", "transformers", "trl", "datasets", "peft", "sintonia"}
            ]
    assert found == []
