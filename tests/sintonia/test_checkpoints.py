"""A checkpoint is whole or it is not taken."""

from __future__ import annotations

import json

import pytest

from sintonia import checkpoints


def made(folder, step, content=b"weights and moments"):
    checkpoint = folder / f"checkpoint-{step}"
    (checkpoint / "inner").mkdir(parents=True)
    (checkpoint / "model.safetensors").write_bytes(content)
    (checkpoint / "inner" / "optimizer.pt").write_bytes(content * 3)
    return checkpoint


def cut(path):
    path.write_bytes(path.read_bytes()[:-4])


def zeroed(path):
    content = path.read_bytes()
    path.write_bytes(content[:-4] + bytes(4))


DAMAGE = {
    "cut": (lambda folder: cut(folder / "model.safetensors"), "found 15 bytes; expected 19"),
    "zeroed": (lambda folder: zeroed(folder / "model.safetensors"), "found other content of the same size"),
    "missing": (lambda folder: (folder / "inner" / "optimizer.pt").unlink(), "found no such file"),
    "not finished": (lambda folder: (folder / "manifest.json").unlink(), "found no manifest.json"),
    "half a manifest": (lambda folder: cut(folder / "manifest.json"), "found no list of files"),
    "another manifest": (lambda folder: (folder / "manifest.json").write_text("[1]"), "no list of files"),
}


def test_a_sealed_one_is_whole(tmp_path):
    checkpoints.seal(made(tmp_path, 5))
    assert checkpoints.newest_whole(tmp_path) == (tmp_path / "checkpoint-5", [])
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_older_one_is_taken_when_the_newest_is_damaged(tmp_path, damage):
    harm, words = DAMAGE[damage]
    for step in (5, 10):
        checkpoints.seal(made(tmp_path, step))
    harm(tmp_path / "checkpoint-10")
    found, wrong = checkpoints.newest_whole(tmp_path)
    assert found == tmp_path / "checkpoint-5"
    assert words in str(wrong[0]) and "checkpoint-10" in str(wrong[0])


def test_steps_are_numbers_and_not_text(tmp_path):
    for step in (9, 10, 100):
        checkpoints.seal(made(tmp_path, step))
    (tmp_path / "checkpoint-best").mkdir()
    assert [checkpoints.step_of(path) for path in checkpoints.numbered(tmp_path)] == [9, 10, 100]


def test_one_that_is_being_written_costs_no_whole_one_its_place(tmp_path):
    for step in (1, 2, 3):
        checkpoints.seal(made(tmp_path, step))
    made(tmp_path, 4)
    checkpoints.keep_newest(tmp_path, 2)
    assert [checkpoints.step_of(path) for path in checkpoints.numbered(tmp_path)] == [2, 3, 4]
    checkpoints.keep_newest(tmp_path, None)
    assert len(checkpoints.numbered(tmp_path)) == 3


def test_those_without_a_manifest_are_removed(tmp_path):
    for step in (1, 2, 3):
        made(tmp_path, step)
    checkpoints.seal(tmp_path / "checkpoint-2")
    checkpoints.remove_unsealed(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-2"]


def test_a_full_disk_leaves_no_half_manifest(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    checkpoint = made(tmp_path, 1)
    monkeypatch.setattr(checkpoints.json, "dump", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.seal(checkpoint)
    assert {path.name for path in checkpoint.iterdir()} == {"model.safetensors", "inner"}


def test_a_manifest_cannot_speak_of_files_outside_its_folder(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"x")
    checkpoint = made(tmp_path / "run", 10)
    for name in ("../../secret", str(secret)):
        facts = {"bytes": 1, "sha256": checkpoints.sha256_of(secret)}
        (checkpoint / "manifest.json").write_text(json.dumps({"files": {name: facts}}))
        assert [str(fault) for fault in checkpoints.flaws(checkpoint)] == [
            f"{checkpoint / 'manifest.json'}: found the file {name!r}; expected files of this folder"
        ]
