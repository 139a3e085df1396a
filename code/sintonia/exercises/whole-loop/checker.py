"""Eight steps of one or two batches on a tiny model, held against the same run and against mistakes in it."""

import torch
from torch.nn.functional import cross_entropy

from sintonia.exercises.judging import failed
from sintonia.small_model import Making, untrained_model

VOCABULARY, WIDTH, RATE, CLIP = 40, 14, 0.03, 0.05
COUNTS = [[[1, 2], [9, 7]], [[6, 8], [2]], [[1, 1], [8, 9]], [[9, 3]]]  # supervised, in rows of batches
MISTAKES = {
    "not-shifted": [{"ahead": 0}],
    "shifted-again": [{"ahead": 2}],
    "prompt-graded": [{"key": "input_ids"}],
    "own-divisor": [{"divisor": "mean of means"}, {"divisor": "sum of means"}],
    "counts-everything": [{"divisor": "positions"}],
    "part-reported": [{"told": "last"}],
    "never-steps": [{"step": "never"}],
    "step-a-batch": [{"step": "batch"}, {"step": "batch", "divisor": "sum of means", "told": "mean"}],
    "not-cleared": [{"clear": False}],
    "not-clipped": [{"clip": "never"}, {"clip": "batch"}],
    "weight-decay": [{"decay": 0.01}],
}


def check(work):
    plan = batches() * 2
    found = work.call("train", model(), plan, RATE, CLIP)
    work.last_call = f"train(model, steps, {RATE}, {CLIP})"
    try:
        losses = [float(loss) for loss in found]
    except (TypeError, ValueError, RuntimeError):
        yield failed("no-losses", found)
        return
    expected = run(plan)
    if len(losses) != len(plan):
        yield failed("no-losses", len(losses), len(plan))
        return
    if near(losses, expected):
        return
    place = next(n for n in range(len(plan)) if not near(losses[n : n + 1], expected[n : n + 1])) + 1
    key = "first-loss-wrong" if place == 1 else "later-loss-wrong"
    for mistake, ways in MISTAKES.items():
        if any(near(losses, run(plan, **way)) for way in ways):
            key = mistake
            break
    yield failed(key, tidy(losses), tidy(expected), place=place)


def model():
    """The same fresh model each time."""
    return untrained_model(VOCABULARY, Making(hidden=32, layers=1))


def batches():
    """The steps: lists of batches whose rows end at different places."""
    generator = torch.Generator().manual_seed(5)
    steps = []
    for step in COUNTS:
        steps.append([])
        for counts in step:
            ids = torch.randint(3, VOCABULARY, (len(counts), WIDTH), generator=generator)
            labels, mask = torch.full_like(ids, -100), torch.ones_like(ids)
            for row, count in enumerate(counts):
                end = WIDTH - 2 * row
                labels[row, end - count : end] = ids[row, end - count : end]
                ids[row, end:] = mask[row, end:] = 0
            steps[-1].append({"input_ids": ids, "attention_mask": mask, "labels": labels})
    return steps


def run(plan, ahead=1, key="labels", divisor="", told="", step="", clear=True, clip="", decay=0.0):
    """The losses of the whole loop, or of one with a mistake in it."""
    trained = model()
    weights = list(trained.parameters())
    optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=decay)
    losses = []
    for parts in plan:
        counts = [int((part["labels"] != -100).sum()) for part in parts]
        values = []
        for part, count in zip(parts, counts, strict=True):
            logits = trained(input_ids=part["input_ids"], attention_mask=part["attention_mask"]).logits
            guesses, targets = logits[:, : WIDTH - ahead], part[key][:, ahead:]
            total = cross_entropy(guesses.flatten(0, 1), targets.flatten(), reduction="sum")
            by = {"mean of means": count * len(parts), "sum of means": count}
            by["positions"] = sum(part["labels"].numel() for part in parts)
            loss = total / by.get(divisor, sum(counts))
            loss.backward()
            values.append(loss.item())
            if clip == "batch" or step == "batch":
                torch.nn.utils.clip_grad_norm_(weights, CLIP)
            if step == "batch":
                optimizer.step()
                optimizer.zero_grad()
        if not clip and not step:
            torch.nn.utils.clip_grad_norm_(weights, CLIP)
        if not step:
            optimizer.step()
        if clear:
            optimizer.zero_grad()
        losses.append({"last": values[-1], "mean": sum(values) / len(values)}.get(told, sum(values)))
    return losses


def near(found, expected):
    """Equal but for rounding."""
    return all(abs(one - other) < 1e-4 for one, other in zip(found, expected, strict=True))


def tidy(losses):
    """Losses as a person reads them."""
    return [round(loss, 4) for loss in losses]
