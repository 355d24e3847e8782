"""What rounding and projecting gradient rows costs: rank correlation of the estimator's scores with
those of whole float64 rows, mean over queries, for bits a value and columns a tensor. JSON out."""

import json
import sys

import numpy
from scipy.stats import rankdata

import methods


def rounded(rows, widths, bits):
    """Each tensor of each row with its own power-of-two scale, as the index stores it."""
    result = numpy.empty_like(rows)
    for part in methods.blocks(widths):
        largest = numpy.abs(rows[:, part]).max(1, keepdims=True)
        scale = 2.0 ** (bits - 1 - numpy.frexp(largest)[1])
        limit = 2 ** (bits - 1) - 1
        result[:, part] = numpy.clip(numpy.rint(rows[:, part] * scale), -limit, limit) / scale
    return result


def projected(train, query, widths, columns):
    generator = numpy.random.default_rng(0)
    parts, kept = [[], []], []
    for part in methods.blocks(widths):
        width = part.stop - part.start
        signs = None
        if columns and width > columns:
            signs = generator.choice([-1.0, 1.0], (width, columns)).astype("float32")
        for found, rows in zip(parts, (train, query)):
            found.append(rows[:, part] if signs is None else rows[:, part] @ signs)
        kept.append(parts[0][-1].shape[1])
    return *(numpy.concatenate(found, 1) for found in parts), kept


def correlation(left, right):
    left, right = rankdata(left, axis=1), rankdata(right, axis=1)
    left -= left.mean(1, keepdims=True)
    right -= right.mean(1, keepdims=True)
    norms = numpy.sqrt((left**2).sum(1) * (right**2).sum(1))
    return round(float(((left * right).sum(1) / norms).mean()), 4)


def main(path, every):
    task = numpy.load(path)
    train, query = task["train"], task["query"][::every]
    widths = task["widths"]
    damping = methods.rule(train, widths)
    exact = methods.block(train, query, widths, damping)
    for columns in (0, 1024, 512, 256, 128, 64):
        small, asked, kept = projected(train, query, widths, columns)
        for bits in (16, 12, 8, 6, 4) if columns in (0, 512) else (8,):
            rows = rounded(small, kept, bits)
            scores = methods.block(rows, rounded(asked, kept, bits), kept, damping)
            size = sum(kept) * bits // 8
            found = {"columns": columns, "bits": bits, "bytes": size}
            found["correlation"] = correlation(scores, exact)
            found["damping"] = float(methods.rule(rows, kept))
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
