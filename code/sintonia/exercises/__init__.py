"""Exercises checked on the learner's machine: by what their code does, in the learner's language.

One folder an exercise, with `exercise.yml` (the words), `starter.py`, `solution.py` and `checker.py`.

    catalogue   what exercises there are, and their words
    judging     the learner's code against a checker, in this process
    trial       the same in a process of its own, with limits
    progress    the learner's folder: files and progress.json
    commands    `sintonia exercise list | start | check | hint | solution`
"""
