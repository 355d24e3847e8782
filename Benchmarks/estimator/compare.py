"""Compares estimators on the gradients that digits.py, text.py and subjects.py made. JSON out.

`lds`: the linear datamodeling score, the mean over queries of the rank correlation between a
retrained half's loss and the sum of its records' scores. `accuracy`: how often the contributor of
the query's subject has the largest sum of scores. Intervals are 95 %, by bootstrap over queries.

Files joined by commas are one task made several times, each with its own split, order and training: a query
counts once, with its mean over the runs that it is in, so that repeated queries do not pass for new ones.
"""

import json
import pathlib
import sys

import numpy
from scipy.stats import rankdata

import methods


def lds(scores, task):
    predicted = rankdata(scores @ task["masks"].T.astype(float), axis=1)
    actual = rankdata(-task["query_losses"].T, axis=1)
    predicted -= predicted.mean(1, keepdims=True)
    actual -= actual.mean(1, keepdims=True)
    norms = numpy.sqrt((predicted**2).sum(1) * (actual**2).sum(1))
    return (predicted * actual).sum(1) / norms


def accuracy(scores, task):
    labels = task["train_label"]
    sums = numpy.stack([scores[:, labels == name].sum(1) for name in numpy.unique(labels)], 1)
    return (numpy.unique(labels)[sums.argmax(1)] == task["query_label"]).astype(float)


def interval(values, generator):
    means = values[generator.integers(0, len(values), (10_000, len(values)))].mean(1)
    return [round(float(x), 3) for x in numpy.quantile(means, [0.025, 0.975])]


def measured(path):
    """What each method gets on each query, what the queries are, and the rest to report."""
    task = numpy.load(path)
    measure = lds if "masks" in task else accuracy
    arguments = task["train"], task["query"], task["widths"]
    chosen = methods.rule(task["train"], task["widths"])
    found = {
        "dot": methods.dot(*arguments),
        "cosine": methods.cosine(*arguments),
        "datainf": methods.datainf(*arguments),
        "trak": methods.trak(*arguments),
        "block": methods.block(*arguments, chosen),
        "block, c = 3": methods.block(*arguments, 3.0),
        "block, c = 0.1": methods.block(*arguments, 0.1),
    }
    names = task["query_text"] if "query_text" in task else numpy.arange(len(task["query"])).astype(str)
    each = {name: measure(scores, task) for name, scores in found.items()}
    return each, names, task, measure, float(chosen)


def main(paths):
    runs = [measured(path) for path in paths]
    _, _, task, measure, _ = runs[0]
    names = numpy.concatenate([run[1] for run in runs])
    distinct, place = numpy.unique(names, return_inverse=True)
    counts = numpy.bincount(place)
    each = {
        name: numpy.bincount(place, numpy.concatenate([run[0][name] for run in runs])) / counts
        for name in runs[0][0]
    }
    generator = numpy.random.default_rng(0)
    gain = each["block"] - each["datainf"]
    return {
        "task": pathlib.Path(paths[0]).stem,
        "runs": len(runs),
        "measure": measure.__name__,
        "records": len(task["train"]),
        "queries": len(distinct),
        "subsets": len(task["masks"]) if "masks" in task else 0,
        "damping": [run[4] for run in runs],
        "means": {name: round(float(values.mean()), 3) for name, values in each.items()},
        "ratio_to_datainf": round(float(each["block"].mean() / each["datainf"].mean()), 2),
        "gain_over_datainf": round(float(gain.mean()), 3),
        "gain_interval": interval(gain, generator),
        "intervals": {name: interval(values, generator) for name, values in each.items()},
    }


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(json.dumps(main(name.split(","))), flush=True)
