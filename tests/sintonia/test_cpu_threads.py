"""All cores under any launcher, unless somebody said otherwise; and how threads wait where cores are busy."""

from __future__ import annotations

import os
import sys

import pytest

from sintonia.cpu_threads import threads, usable_cores, wait_asleep


@pytest.mark.parametrize(
    ("environment", "launcher", "expected"),
    [
        ({}, {}, 8),
        ({"OMP_NUM_THREADS": "1"}, {}, 1),  # nothing launched it, so the user said it
        ({"OMP_NUM_THREADS": "1", "LOCAL_WORLD_SIZE": "2"}, {}, 4),
        ({"OMP_NUM_THREADS": "1", "ACCELERATE_MIXED_PRECISION": "no"}, {}, 8),
        ({"OMP_NUM_THREADS": "1", "LOCAL_WORLD_SIZE": "2"}, {"OMP_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "3", "LOCAL_WORLD_SIZE": "2"}, {}, 3),  # --num_cpu_threads_per_process 3
        ({"OMP_NUM_THREADS": "4,2"}, {}, 4),
        ({"OMP_NUM_THREADS": "many"}, {}, 8),
        ({"LOCAL_WORLD_SIZE": "16"}, {}, 1),
    ],
)
def test_the_users_number_or_a_share_of_the_cores(environment, launcher, expected):
    assert threads(cores=8, environment=environment, launcher=launcher) == expected


def test_processes_share_where_no_launcher_says_how_many():
    assert threads(3, cores=8, environment={}) == 2
    assert threads(environment={}) == usable_cores() >= 1


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="the system has no /proc")
@pytest.mark.parametrize(("given", "expected"), [({}, "4"), ({"OMP_NUM_THREADS": "1"}, "1")])
def test_what_a_real_launcher_sets_is_told_from_what_its_user_set(spawn, given, expected):
    inner = "from sintonia.cpu_threads import threads; print(threads(cores=8))"
    outer = (
        "import os, subprocess, sys; "
        "env = {**os.environ, 'OMP_NUM_THREADS': '1', 'LOCAL_WORLD_SIZE': '2'}; "
        f"subprocess.run([sys.executable, '-c', {inner!r}], env=env, check=True)"
    )
    without = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    wrapper = (
        "import json, os, subprocess, sys; env = json.loads(sys.argv[1]); "
        f"sys.exit(subprocess.run([sys.executable, '-c', {outer!r}], env=env).returncode)"
    )
    import json

    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = spawn(["-c", wrapper, json.dumps({**without, **path, **given})])
    assert (done.returncode, done.stdout.strip()) == (0, expected), done.stderr


def test_threads_sleep_only_where_cores_are_busy_and_nobody_spoke():
    for load, said, expected in (
        (1.0, {}, {"OMP_WAIT_POLICY": "passive"}),
        (0.9, {}, {}),
        (9.0, {"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ):
        environment = dict(said)
        wait_asleep(environment, load, cores=2)
        assert environment == expected


@pytest.mark.parametrize("command", ["sft", "loop"])
def test_the_commands_choose_before_torch_is_there(spawn, command):
    probe = (
        "import os, sys; os.environ.pop('OMP_WAIT_POLICY', None); os.getloadavg = lambda: (99.0,) * 3\n"
        "from sintonia import cli, cpu_threads\n"
        "asked = cpu_threads.wait_asleep\n"
        "cli.wait_asleep = lambda: (print('torch' in sys.modules), asked())\n"
        f"cli.main(['{command}', '--config', 'no-such.yaml']); print(os.environ['OMP_WAIT_POLICY'])"
    )
    done = spawn(["-c", probe])
    assert done.stdout.split() == ["False", "passive"], done.stderr
