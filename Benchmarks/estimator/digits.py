"""Digits of scikit-learn: gradients of a trained model, and the losses of retrained half-subsets.

Two tasks. `softmax`: logistic regression with weight decay. `network`: a network of two hidden
layers, pretrained on one part of the data and fine-tuned on another by LoRA of rank 4. All subsets
are trained at once, each step on all records of a subset, so nothing is random but the subsets.
"""

import argparse

import numpy
import torch
from sklearn.datasets import load_digits

RECORDS, QUERIES, PRETRAINING = 600, 200, 400
HIDDEN, RANK = 64, 4


def data(records=RECORDS):
    digits = load_digits()
    order = numpy.random.default_rng(0).permutation(len(digits.target))
    x = torch.tensor(digits.data[order] / 16.0, dtype=torch.float64)
    y = torch.tensor(digits.target[order])
    edges = numpy.cumsum([0, records, QUERIES, PRETRAINING])
    return [(x[a:b], y[a:b]) for a, b in zip(edges, edges[1:])]


def subsets(count, records, seed=1):
    """The whole set first, then halves drawn at random: [count + 1, records]."""
    generator = numpy.random.default_rng(seed)
    masks = numpy.zeros((count + 1, records), bool)
    masks[0] = True
    for row in masks[1:]:
        row[generator.permutation(records)[: records // 2]] = True
    return masks


def losses(logits, y):
    """Cross-entropies [models, records] of logits [models, records, classes]."""
    return -torch.log_softmax(logits, -1).gather(-1, y.expand(logits.shape[:2])[..., None])[..., 0]


def train(parameters, forward, x, y, masks, steps, rate, decay):
    """Adam on the mean loss of each subset, all subsets side by side."""
    weights = torch.tensor(masks, dtype=x.dtype)
    weights /= weights.sum(1, keepdim=True)
    optimizer = torch.optim.Adam(parameters, lr=rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (losses(forward(parameters, x), y) * weights).sum()
        loss = loss + decay / 2 * sum((p**2).sum() for p in parameters)
        loss.backward()
        optimizer.step()
        schedule.step()


def softmax(parameters, x):
    weight, bias = parameters
    return x @ weight.transpose(1, 2) + bias[:, None]


def make_softmax(models):
    return [torch.zeros(models, 10, 64), torch.zeros(models, 10)]


class Network:
    """tanh(x W0ᵀ) → tanh(· W1ᵀ) → · W2ᵀ, each W with a LoRA pair of its own."""

    shapes = [(HIDDEN, 64), (HIDDEN, HIDDEN), (10, HIDDEN)]

    def __init__(self, x, y):
        generator = torch.Generator().manual_seed(2)
        self.base = [
            (torch.randn(1, *s, generator=generator, dtype=x.dtype) / s[1] ** 0.5).requires_grad_()
            for s in self.shapes
        ]
        def forward(parameters, x):
            for weight in parameters[:-1]:
                x = torch.tanh(x @ weight.transpose(1, 2))
            return x @ parameters[-1].transpose(1, 2)

        # Pretraining sees labels of half the classes only, so that fine-tuning has work to do.
        known = y < 5
        train(self.base, forward, x[known], y[known], numpy.ones((1, int(known.sum())), bool), 200, 0.01, 1e-4)
        self.base = [weight.detach() for weight in self.base]

    def make(self, models):
        generator = torch.Generator().manual_seed(3)
        result = []
        for out, width in self.shapes:
            a = torch.randn(1, RANK, width, generator=generator, dtype=torch.float64) / width**0.5
            result += [a.repeat(models, 1, 1), torch.zeros(models, out, RANK, dtype=torch.float64)]
        return result

    def forward(self, parameters, x):
        pairs = list(zip(parameters[::2], parameters[1::2]))
        for layer, (weight, (a, b)) in enumerate(zip(self.base, pairs)):
            x = x @ weight.transpose(1, 2) + x @ a.transpose(1, 2) @ b.transpose(1, 2) * 2
            if layer < 2:
                x = torch.tanh(x)
        return x


def gradients(forward, parameters, x, y):
    """Per-record gradients at one model: [records, elements]."""
    rows = []
    for record, label in zip(x, y):
        leaves = [p[:1].detach().requires_grad_() for p in parameters]
        loss = losses(forward(leaves, record[None]), label[None]).sum()
        rows.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, leaves)]).numpy())
    return numpy.stack(rows)


def run(task, count, records=RECORDS, steps=None):
    torch.set_default_dtype(torch.float64)
    (x, y), (xq, yq), pretraining = data(records)
    masks = subsets(count, records)
    if task == "softmax":
        forward, parameters, settings = softmax, make_softmax(count + 1), (400, 0.02, 1e-3)
    else:
        network = Network(*pretraining)
        forward, parameters, settings = network.forward, network.make(count + 1), (200, 0.01, 0.0)
    if steps:
        settings = (steps, *settings[1:])
    start = [p[:1].clone() for p in parameters]
    parameters = [p.requires_grad_() for p in parameters]
    train(parameters, forward, x, y, masks, *settings)
    with torch.no_grad():
        query, own = losses(forward(parameters, xq), yq), losses(forward(parameters, x), y)
    return {
        "widths": [p[0].numel() for p in parameters],
        "train": gradients(forward, parameters, x, y),
        "query": gradients(forward, parameters, xq, yq),
        "moved": torch.cat([(p[:1] - s).flatten() for p, s in zip(parameters, start)]).detach().numpy(),
        "masks": masks[1:],
        "query_losses": query[1:].numpy(),
        "query_loss": query[0].numpy(),
        "train_loss": own[0].numpy(),
        "train_label": y.numpy(),
        "query_label": yq.numpy(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["softmax", "network"])
    parser.add_argument("output")
    parser.add_argument("--subsets", type=int, default=100)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    result = run(arguments.task, arguments.subsets, arguments.records, arguments.steps)
    print("loss", result["train_loss"].mean(), result["query_loss"].mean(), result["query_losses"].mean())
    numpy.savez(arguments.output, **result)
