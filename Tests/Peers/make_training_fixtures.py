"""Writes Tests/LanguageModelTests/Fixtures/training with PyTorch and PEFT.

A tiny random Llama is trained by several recipes. Whatever a recipe derives from its seed (first
adapter, order, packing, split, dropout masks) is made here from docs/numerics.md alone, so the
fixture checks that description as well. Run it as make_fixtures.py, with the same packages.
"""

import json
import math
import os

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

OUT = os.path.join(os.path.dirname(__file__), "..", "LanguageModelTests", "Fixtures", "training")
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LAYERS, VOCAB = 2, 64


class Generator:
    """The keyed generator: ChaCha20 blocks as 64-bit words."""

    def __init__(self, seed, domain, stream=0):
        self.key = np.frombuffer(seed, dtype="<u4").astype(np.uint32)
        self.domain, self.stream, self.buffer, self.position = domain, stream, [], 0

    def words(self, first, count):
        blocks = np.arange(first // 8, (first + count + 7) // 8, dtype=np.uint32)
        state = np.zeros((16, len(blocks)), dtype=np.uint32)
        state[:4] = np.array([0x61707865, 0x3320646E, 0x79622D32, 0x6B206574], dtype=np.uint32)[:, None]
        state[4:12] = self.key[:, None]
        state[12] = blocks
        state[13], state[14], state[15] = self.stream & 0xFFFFFFFF, self.stream >> 32, self.domain
        s = state.copy()

        def quarter(a, b, c, d):
            for x, y, z, by in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
                s[x] += s[y]
                s[z] ^= s[x]
                s[z] = (s[z] << np.uint32(by)) | (s[z] >> np.uint32(32 - by))

        for _ in range(10):
            quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15)
            quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14)
        s += state
        words = s.T.reshape(-1, 2).astype(np.uint64)
        words = words[:, 0] | words[:, 1] << np.uint64(32)
        skip = first - first // 8 * 8
        return words[skip:skip + count]

    def next(self):
        if not self.buffer:
            self.buffer = [int(w) for w in self.words(self.position, 64)][::-1]
            self.position += 64
        return self.buffer.pop()

    def below(self, bound):
        while True:
            word = self.next()
            if word >= (1 << 64) % bound:
                return word % bound

    def symmetric(self):
        return (np.int64(self.next() >> 40) - (1 << 23)) / (1 << 23)

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


class Masked(torch.nn.Module):
    """Dropout whose mask is that of docs/numerics.md; rows of a batch are numbered through."""

    def __init__(self, run, layer, linear):
        super().__init__()
        self.run, self.layer, self.linear = run, layer, linear

    def forward(self, x):
        p = float(np.float32(self.run["dropout"]))
        if p == 0 or not self.run["training"]:
            return x
        step, batch, row = self.run["place"]
        stream = step << 40 | batch << 24 | self.layer << 8 | self.linear
        rows, width = x.shape[1], x.shape[2]
        first = row * width
        generator = Generator(self.run["seed"], 5, stream)
        words = generator.words(first // 2, (first % 2 + rows * width + 1) // 2)
        draws = np.stack([words & np.uint64(0xFFFFFFFF), words >> np.uint64(32)], 1).reshape(-1)
        draws = draws[first % 2:first % 2 + rows * width]
        kept = torch.tensor(draws >= np.uint64(math.floor(p * 2**32))).reshape(1, rows, width)
        return torch.where(kept, x * float(np.float32(1 / (1 - p))), torch.zeros(()))


def model():
    torch.manual_seed(12)
    config = LlamaConfig(
        hidden_size=32, num_hidden_layers=LAYERS, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=48, vocab_size=VOCAB, max_position_embeddings=64, rope_theta=10000.0,
        tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, initializer_range=0.25,
    )
    llama = LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in llama.parameters():
            parameter.copy_(parameter.to(torch.float16))
    return llama


def records():
    """Each token follows from the one before, except for noise that only some records have."""
    rng = np.random.default_rng(8)
    made = []
    for index in range(24):
        token, tokens = int(rng.integers(2, VOCAB)), []
        for _ in range(int(rng.integers(6, 15))):
            token = (token * 7 + 3) % 50 + 2 if rng.random() > 0.2 else int(rng.integers(2, VOCAB))
            tokens.append(token)
        made.append({"tokens": tokens, "start": 1 + index % 4})
    return made


def examples(recipe, data):
    held = set()
    number = len(data) * recipe["held_out"] // 1000
    if number:
        held = set(Generator(recipe["seed"], 3).permutation(len(data))[:number])
    training, rest = [], []
    for index, record in enumerate(data):
        tokens = record["tokens"][:recipe["max_tokens"]]
        start = 1 if recipe["loss"] == "all" else record["start"]
        if start < len(tokens):
            (rest if index in held else training).append((tokens, start))
    return training, rest


def places(recipe, lengths):
    if recipe["places"] == "records":
        return [[i] for i in range(len(lengths))]
    made, room = [], []
    for record in Generator(recipe["seed"], 4).permutation(len(lengths)):
        for place in range(max(0, len(made) - 64), len(made)):
            if room[place] >= lengths[record]:
                made[place].append(record)
                room[place] -= lengths[record]
                break
        else:
            made.append([record])
            room.append(recipe["max_tokens"] - lengths[record])
    return made


def batches(recipe, made, step):
    count = recipe["batch"] * recipe["accumulation"]
    chosen = []
    for position in range(step * count, (step + 1) * count):
        order = Generator(recipe["seed"], 2, position // len(made)).permutation(len(made))
        chosen.append(made[order[position % len(made)]])
    return [
        [record for place in chosen[i:i + recipe["batch"]] for record in place]
        for i in range(0, count, recipe["batch"])
    ]


def rate(recipe, step):
    peak, warmup = recipe["rate"], recipe["warmup"]
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / max(1, recipe["steps"] - warmup)
    return {
        "constant": peak, "linear": peak * (1 - progress),
        "cosine": peak * 0.5 * (1 + math.cos(math.pi * progress)),
    }[recipe["schedule"]]


def losses(network, example):
    tokens, start = example
    logits = network(input_ids=torch.tensor([tokens[:-1]])).logits[0, start - 1:]
    return torch.nn.functional.cross_entropy(logits, torch.tensor(tokens[start:]), reduction="sum")


def wrapped(recipe, run):
    network = get_peft_model(
        model(),
        LoraConfig(
            r=recipe["rank"], lora_alpha=recipe["alpha"], use_rslora=recipe["rslora"],
            target_modules=recipe["targets"], task_type="CAUSAL_LM",
        ),
    )
    for name, module in network.named_modules():
        if not hasattr(module, "lora_A"):
            continue
        layer, linear = int(name.split(".layers.")[1].split(".")[0]), LINEARS.index(name.split(".")[-1])
        weight = module.lora_A["default"].weight
        generator = Generator(recipe["seed"], 1, layer * len(LINEARS) + linear)
        bound = np.float32(1 / math.sqrt(weight.shape[1]))
        values = [np.float32(generator.symmetric()) * bound for _ in range(weight.numel())]
        with torch.no_grad():
            weight.copy_(torch.tensor(np.array(values, dtype=np.float32).reshape(weight.shape)))
        module.lora_dropout["default"] = Masked(run, layer, linear)
    return network


def mean(network, rows):
    with torch.no_grad():
        total = sum(float(losses(network, row)) for row in rows)
    return total / sum(len(tokens) - start for tokens, start in rows)


def train(recipe, data):
    run = {"seed": recipe["seed"], "dropout": recipe["dropout"], "training": True, "place": (0, 0, 0)}
    network = wrapped(recipe, run)
    training, held = examples(recipe, data)
    made = places(recipe, [len(tokens) for tokens, _ in training])
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0, weight_decay=recipe["decay"])
    steps, best, misses = [], None, 0
    for step in range(recipe["steps"]):
        chosen = batches(recipe, made, step)
        total = sum(len(training[r][0]) - training[r][1] for batch in chosen for r in batch)
        loss = 0.0
        optimizer.zero_grad()
        for number, batch in enumerate(chosen):
            row = 0
            for record in batch:
                run["place"] = (step, number, row)
                part = losses(network, training[record]) / total
                part.backward()
                loss += float(part)
                row += len(training[record][0]) - 1
        norm = float(torch.sqrt(sum((p.grad.double() ** 2).sum() for p in parameters)))
        if recipe["clip"] > 0:
            torch.nn.utils.clip_grad_norm_(parameters, recipe["clip"])
        for group in optimizer.param_groups:
            group["lr"] = rate(recipe, step)
        optimizer.step()
        entry = {"loss": loss, "norm": norm, "held_out": None}
        steps.append(entry)
        rule = recipe["stop"]
        if rule and ((step + 1) % rule["interval"] == 0 or step + 1 == recipe["steps"]):
            run["training"] = False
            entry["held_out"] = mean(network, held)
            run["training"] = True
            if best is None or entry["held_out"] < best - rule["gain"]:
                best, misses = entry["held_out"], 0
            else:
                misses += 1
                if misses >= rule["patience"]:
                    break
    return steps


def recipes():
    plain = {
        "rank": 4, "alpha": 8, "rslora": False, "dropout": 0.0, "targets": ["q_proj", "v_proj"],
        "rate": 0.01, "decay": 0.0, "warmup": 0, "schedule": "constant", "steps": 12, "batch": 4,
        "accumulation": 1, "places": "records", "max_tokens": 16, "loss": "completion", "clip": 1.0,
        "held_out": 0, "stop": None,
    }
    everything = r".*layers\.\d+\.(self_attn|mlp)\..*_proj"
    return {
        "plain": plain,
        "every matrix, rank 64, rank-stabilised, cosine": {
            **plain, "rank": 64, "alpha": 16, "rslora": True, "targets": everything, "decay": 0.05,
            "warmup": 3, "schedule": "cosine", "clip": 0.25, "rate": 0.003,
        },
        "accumulated, all tokens, linear": {
            **plain, "accumulation": 3, "batch": 2, "loss": "all", "schedule": "linear", "warmup": 2,
            "max_tokens": 9,
        },
        "packed": {**plain, "places": "packed", "max_tokens": 40, "batch": 2, "clip": 0.0},
        "a pattern, rank 1": {**plain, "rank": 1, "targets": r".*\.1\..*(down|o)_proj", "rate": 0.05},
        "dropout": {
            **plain, "dropout": 0.3, "targets": ["v_proj", "up_proj", "down_proj"], "accumulation": 2,
        },
        "stops early": {
            **plain, "targets": everything, "rate": 0.1, "steps": 60, "held_out": 250,
            "stop": {"interval": 2, "patience": 2, "gain": 0.01},
        },
    }


def main():
    os.makedirs(OUT, exist_ok=True)
    llama = model()
    llama.config.save_pretrained(OUT)
    state = {
        n: t.detach().to(torch.float16).contiguous()
        for n, t in llama.state_dict().items() if n != "lm_head.weight"
    }
    save_file(state, os.path.join(OUT, "model.safetensors"), metadata={"format": "pt"})
    data, cases = records(), []
    for number, (name, recipe) in enumerate(recipes().items()):
        seed = bytes([number + 1] * 32)
        steps = train({**recipe, "seed": seed}, data)
        cases.append({"name": name, "seed": number + 1, "recipe": recipe, "steps": steps})
    with open(os.path.join(OUT, "cases.json"), "w", encoding="utf-8") as file:
        json.dump({"records": data, "cases": cases}, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
