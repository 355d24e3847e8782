"""A real text task: gradients of LoRA fine-tunings of models/small, and losses of retrained halves.

Text: Debian's `fortunes`, pinned by hash. LoRA of rank 4 made by PEFT. A subset keeps the order of
the whole set, so that nothing is random but the subset.
"""

import argparse
import hashlib
import pathlib
import subprocess
import time

import numpy
import peft
import torch
import transformers

from digits import subsets

REPOSITORY = pathlib.Path(__file__).parents[2]
PACKAGE = "fortunes=1:1.99.1-7.3"
DIGEST = "41d0551dc0ff52f875a2ecef7c39da2f672ab468c37e170119f7e0245a9d63c5"
LIMIT, BATCH = 64, 8
TARGETS = {"attention": ["q_proj", "v_proj"], "all": "all-linear"}


def fortunes(cache):
    """Every text of 100 to 400 characters, with its file's name."""
    cache.mkdir(parents=True, exist_ok=True)
    if not list(cache.glob("fortunes*.deb")):
        subprocess.run(["apt-get", "download", "-q", PACKAGE], cwd=cache, check=True)
    (package,) = cache.glob("fortunes*.deb")
    if hashlib.sha256(package.read_bytes()).hexdigest() != DIGEST:
        raise SystemExit(f"{package} is another file than the one measured")
    subprocess.run(["dpkg", "-x", package, cache / "unpacked"], check=True)
    found = []
    for path in sorted((cache / "unpacked/usr/share/games/fortunes").iterdir()):
        if path.suffix or path.is_symlink() or path.name in ("ascii-art", "translate-me"):
            continue
        for text in path.read_text(errors="replace").split("\n%\n"):
            text = " ".join(text.split())
            if 100 <= len(text) <= 400:
                found.append((path.name, text))
    return found


class Task:
    def __init__(self, targets, texts, rate, epochs):
        folder = REPOSITORY / "models/small"
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.tokens = [torch.tensor(tokenizer(t)["input_ids"][:LIMIT]) for t in texts]
        base = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        torch.manual_seed(0)
        settings = peft.LoraConfig(r=4, lora_alpha=8, target_modules=TARGETS[targets])
        self.model = peft.get_peft_model(base, settings)
        self.adapter = [p for p in self.model.parameters() if p.requires_grad]
        self.start = [p.detach().clone() for p in self.adapter]
        self.rate, self.epochs = rate, epochs

    def losses(self, records):
        """Mean token loss of each record."""
        length = max(len(self.tokens[r]) for r in records)
        ids = torch.zeros(len(records), length, dtype=torch.long)
        targets = torch.full((len(records), length), -100)
        for row, record in enumerate(records):
            tokens = self.tokens[record]
            ids[row, : len(tokens)] = tokens
            targets[row, : len(tokens)] = tokens
        logits = self.model(input_ids=ids).logits[:, :-1]
        each = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), targets[:, 1:], ignore_index=-100, reduction="none"
        )
        return each.sum(1) / (targets[:, 1:] >= 0).sum(1)

    def train(self, records):
        with torch.no_grad():
            for parameter, value in zip(self.adapter, self.start):
                parameter.copy_(value)
        optimizer = torch.optim.AdamW(self.adapter, lr=self.rate, weight_decay=0.0)
        steps = -(-len(records) // BATCH) * self.epochs
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
        for epoch in range(self.epochs):
            order = [r for r in numpy.random.default_rng(epoch).permutation(SIZE) if r in records]
            for start in range(0, len(order), BATCH):
                optimizer.zero_grad()
                self.losses(order[start : start + BATCH]).mean().backward()
                optimizer.step()
                schedule.step()

    def evaluate(self, records):
        with torch.no_grad():
            return torch.cat(
                [self.losses(records[s : s + 32]) for s in range(0, len(records), 32)]
            ).numpy()

    def gradients(self, records):
        rows = []
        for record in records:
            parts = torch.autograd.grad(self.losses([record]).sum(), self.adapter)
            rows.append(torch.cat([part.flatten() for part in parts]).numpy())
        return numpy.stack(rows)


SIZE = 0


def run(arguments):
    global SIZE
    SIZE = arguments.records
    found = fortunes(arguments.cache)
    order = numpy.random.default_rng(0).permutation(len(found))[: arguments.records + arguments.queries]
    task = Task(arguments.targets, [found[i][1] for i in order], arguments.rate, arguments.epochs)
    train = list(range(arguments.records))
    query = list(range(arguments.records, arguments.records + arguments.queries))
    start = time.perf_counter()
    before = task.evaluate(query)
    task.train(set(train))
    result = {
        "widths": [p.numel() for p in task.adapter],
        "moved": torch.cat([(p - s).flatten() for p, s in zip(task.adapter, task.start)]).detach().numpy(),
        "train": task.gradients(train),
        "query": task.gradients(query),
        "train_loss": task.evaluate(train),
        "query_loss": task.evaluate(query),
        "train_label": numpy.array([found[i][0] for i in order[: arguments.records]]),
        "query_label": numpy.array([found[i][0] for i in order[arguments.records :]]),
    }
    print("before", before.mean(), "train", result["train_loss"].mean(), "query", result["query_loss"].mean(), time.perf_counter() - start, flush=True)
    masks = subsets(arguments.subsets, arguments.records)[1:]
    rows = []
    for mask in masks:
        task.train(set(numpy.flatnonzero(mask)))
        rows.append(task.evaluate(query))
        if len(rows) % 10 == 0:
            print(len(rows), numpy.stack(rows).mean(), time.perf_counter() - start, flush=True)
            numpy.savez(arguments.output, masks=masks[: len(rows)], query_losses=numpy.stack(rows), **result)
    numpy.savez(arguments.output, masks=masks, query_losses=numpy.stack(rows), **result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", choices=TARGETS)
    parser.add_argument("output")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/fortunes"))
    parser.add_argument("--subsets", type=int, default=60)
    parser.add_argument("--records", type=int, default=600)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=5e-3)
    run(parser.parse_args())
