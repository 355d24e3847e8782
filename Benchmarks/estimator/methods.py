"""The estimator and what it is compared with, in float64 on whole gradients.

Every function takes training gradients [records, elements], query gradients [queries, elements] and
the widths of the tensors, and gives scores [queries, records], positive where the record helped.
"""

import numpy


def blocks(widths):
    edges = numpy.cumsum([0, *widths])
    return [slice(a, b) for a, b in zip(edges, edges[1:])]


def dot(train, query, widths):
    return query @ train.T


def cosine(train, query, widths):
    norms = numpy.linalg.norm(train, axis=1) * numpy.linalg.norm(query, axis=1)[:, None]
    return query @ train.T / norms


def datainf(train, query, widths, damping=None):
    """Kwon et al. 2024; λ of a tensor is 0.1 of its gradients' mean square unless given."""
    scores = 0
    for part in blocks(widths):
        g, q = train[:, part].astype(float), query[:, part].astype(float)
        squares = (g * g).sum(1)
        value = 0.1 * squares.mean() / g.shape[1] if damping is None else damping
        if value > 0:
            products = q @ g.T
            scores += (products - products / (value + squares) @ (g @ g.T) / len(g)) / value
    return scores


def trak(train, query, widths, columns=512, seed=0):
    """TRAK's kernel with one model and one projection, on gradients of the loss.

    The margin's gradient differs from the loss's by a factor a record, 1 - p; TRAK multiplies by it
    again on the training side, so that only the features' scaling differs here.
    """
    if train.shape[1] > columns:
        sums = [numpy.zeros((len(x), columns)) for x in (train, query)]
        generator = numpy.random.default_rng(seed)
        for start in range(0, train.shape[1], 8192):
            part = slice(start, min(start + 8192, train.shape[1]))
            signs = generator.choice([-1.0, 1.0], (part.stop - start, columns)).astype("float32")
            for total, x in zip(sums, (train, query)):
                total += x[:, part].astype("float32") @ signs
        train, query = sums
    return query @ numpy.linalg.pinv(train.T @ train) @ train.T


def block(train, query, widths, damping):
    """Unit rows, one kernel a tensor, λ = damping · mean of the kernel's diagonal."""
    norms = numpy.sqrt((train.astype(float) ** 2).sum(1))
    scores = 0
    for part in blocks(widths):
        unit = train[:, part] / norms[:, None]
        kernel = unit @ unit.T
        ridge = damping * numpy.trace(kernel) / len(unit)
        if ridge > 0:
            products = query[:, part].astype(float) @ unit.T
            system = kernel + ridge * numpy.eye(len(unit))
            scores += numpy.linalg.solve(system, products.T).T
    return scores * norms


CANDIDATES = 2.0 ** numpy.arange(-6, 7)


def unexplained(train, widths, candidates=CANDIDATES, rows=128, tensors=32):
    """How badly damped records explain each other: one error a candidate, each a share of what the
    error would be without any explanation (docs/numerics.md)."""
    count = min(len(train), rows)
    sample = train[numpy.arange(count) * len(train) // count].astype(float)
    unit = sample / numpy.linalg.norm(sample, axis=1)[:, None]
    errors, total = numpy.zeros(len(candidates)), 0.0
    for part in blocks(widths)[:: -(-len(widths) // tensors) | 1]:
        halves = [unit[:, part][:, half::2] for half in (0, 1)]
        kernels = [half @ half.T for half in halves]
        if min(numpy.trace(kernel) for kernel in kernels) == 0:
            continue
        for kernel, other in (kernels, kernels[::-1]):
            total += numpy.trace(other)
            values, vectors = numpy.linalg.eigh(kernel)
            turned = vectors.T @ other @ vectors
            for position, candidate in enumerate(candidates):
                ridge = candidate * numpy.trace(kernel) / count
                scaled = vectors / (values.clip(0) + ridge)
                diagonal = (vectors * scaled).sum(1)
                errors[position] += ((scaled @ turned * scaled).sum(1) / diagonal**2).sum()
    return errors / total


def rule(train, widths):
    """The largest candidate whose error is over the least by at most two fifths of what is explained."""
    errors = unexplained(train, widths)
    least = errors.min()
    if least >= 1:
        return CANDIDATES[-1]
    return CANDIDATES[numpy.flatnonzero(errors <= least * (1 + 0.4 * (1 - least)))[-1]]
