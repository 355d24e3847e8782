"""Three contributors with a subject each: gradients of a LoRA fine-tuning of SmolLM2 on their records.

A query is a record of a subject that nobody trained on; the contributor of that subject should be
paid for it. The files are those of `examples/`, mislabelled rows included. A third of each file and
its held-out rows are queries, chosen by `--split`.
"""

import argparse
import pathlib
import sys
import time

import numpy
import peft
import torch

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "Benchmarks/peers"))
import subject

HELD_OUT, BATCH = 30, 4


def examples(split):
    """Training and query records with the numbers of their subjects."""
    train, query = [], []
    for number, name in enumerate(subject.SUBJECTS):
        rows = subject.records(REPOSITORY / f"examples/{name}.jsonl")
        generator = numpy.random.default_rng(100 * split + number)
        rows = [rows[i] for i in generator.permutation(len(rows))]
        train += [(number, row) for row in rows[HELD_OUT:]]
        query += [(number, row) for row in rows[:HELD_OUT]]
        query += [(number, row) for row in subject.records(REPOSITORY / f"examples/held-out/{name}.jsonl")]
    return train, query


def run(arguments):
    torch.manual_seed(arguments.split)
    base, encoder, _, end = subject.load(arguments.model)
    targets = ["q_proj", "v_proj"]
    settings = peft.LoraConfig(r=8, lora_alpha=16, target_modules=targets)
    model = peft.get_peft_model(base, settings)
    adapter = [p for p in model.parameters() if p.requires_grad]

    def losses(records):
        tokens, labels = subject.batch([subject.encode(r, encoder, end) for r in records])
        each = torch.nn.functional.cross_entropy(
            model(input_ids=tokens).logits[:, :-1].transpose(1, 2), labels[:, 1:], reduction="none"
        )
        return each.sum(1) / (labels[:, 1:] >= 0).sum(1)

    def rows(records, name):
        found, values = [], []
        for record in records:
            loss = losses([record]).sum()
            parts = torch.autograd.grad(loss, adapter)
            found.append(torch.cat([part.flatten() for part in parts]).numpy().astype("float32"))
            values.append(loss.item())
        print(name, numpy.mean(values), time.perf_counter() - start, flush=True)
        return numpy.stack(found), numpy.array(values)

    train, query = examples(arguments.split)
    start = time.perf_counter()
    optimizer = torch.optim.AdamW(adapter, lr=arguments.rate, weight_decay=0.0)
    steps = arguments.epochs * -(-len(train) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    generator = numpy.random.default_rng(arguments.split)
    for _ in range(arguments.epochs):
        order = generator.permutation(len(train))
        for first in range(0, len(train), BATCH):
            optimizer.zero_grad()
            loss = losses([train[i][1] for i in order[first : first + BATCH]]).mean()
            loss.backward()
            optimizer.step()
            schedule.step()
        print("epoch", loss.item(), time.perf_counter() - start, flush=True)
    gradients, train_loss = rows([row for _, row in train], "train")
    queries, query_loss = rows([row for _, row in query], "query")
    numpy.savez(
        arguments.output,
        widths=[p.numel() for p in adapter],
        train=gradients,
        query=queries,
        train_loss=train_loss,
        query_loss=query_loss,
        train_label=numpy.array([number for number, _ in train]),
        query_label=numpy.array([number for number, _ in query]),
        query_text=numpy.array([repr(row) for _, row in query]),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("output")
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-3)
    run(parser.parse_args())
