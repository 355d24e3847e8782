"""Scoring on the same matrices, in turn: this project's estimators (`numerics influence`) and dattri's DataInf.

Rows are random integers of 8 bits, as an index holds them, in blocks of one width. dattri takes gradients from a
model, so its model is linear in each block and a record's gradient is its row. One thread each. JSON lines out.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy


def peer(train, query, blocks, damping):
    import torch
    from dattri.algorithm.influence_function import IFAttributorDataInf
    from dattri.task import AttributionTask

    torch.set_num_threads(1)

    class Blocks(torch.nn.Module):
        def __init__(self):
            super().__init__()
            width = train.shape[1] // blocks
            self.parts = torch.nn.ParameterList(torch.zeros(width) for _ in range(blocks))

        def forward(self, x):
            return torch.stack([x.unflatten(-1, (blocks, -1))[..., b, :] @ p for b, p in enumerate(self.parts)]).sum(0)

    model = Blocks()

    def loss(parameters, data):
        return torch.func.functional_call(model, parameters, data[0]).sum()

    def loader(rows):
        tensors = torch.utils.data.TensorDataset(torch.from_numpy(rows))
        return torch.utils.data.DataLoader(tensors, batch_size=len(rows))

    task = AttributionTask(loss_func=loss, model=model, checkpoints=model.state_dict())
    attributor = IFAttributorDataInf(task=task, regularization=damping)
    attributor.cache(loader(train))
    start = time.process_time()
    with torch.no_grad():
        scores = attributor.attribute(loader(train), loader(query)).numpy().T
    return scores, time.process_time() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--numerics", required=True)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=24)
    parser.add_argument("--width", type=int, default=512)
    arguments = parser.parse_args()
    generator = numpy.random.default_rng(1)
    shape = arguments.blocks * arguments.width
    train, query = (
        generator.normal(0, 30, (count, shape)).round().clip(-127, 127).astype("int8")
        for count in (arguments.records, arguments.queries)
    )
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train.tofile(folder / "records")
        query.tofile(folder / "queries")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        command = [arguments.numerics, "influence", str(folder), str(arguments.blocks), str(arguments.width)]
        ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        own = json.loads(ran.stdout)
        ours = numpy.fromfile(folder / "datainf", "float64").reshape(arguments.queries, arguments.records)
    # The damping of ours in dattri's terms: a tenth of the mean square of a block's elements.
    damping = 0.1 * float((train.astype("float64") ** 2).mean())
    theirs, seconds = peer(train.astype("float32"), query.astype("float32"), arguments.blocks, damping)
    slope = (ours * theirs).sum() / (ours * ours).sum()
    print(json.dumps({
        **own,
        "dattriSeconds": round(seconds, 3),
        "correlation": round(float(numpy.corrcoef(ours.ravel(), theirs.ravel())[0, 1]), 6),
        "slope": float(slope),
        "timesAsFast": round(seconds / own["scoreSeconds"], 1),
        "load": round(os.getloadavg()[0], 1),
    }))


if __name__ == "__main__":
    main()
