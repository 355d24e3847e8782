"""Measures a network of four validators on loopback, as JSON.

Starts it with the openledger command, sends transfers through the RPC, and stops it.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request

import nacl.bindings

from wallet import Account, UNITS, bech32m, seed_of

FEE = UNITS // 1000
# The words of every devnet; see `openledger devnet init`.
WORDS = "test test test test test test test test test test test junk"


def call(url: str, method: str, **parameters):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
    return post(url, body)["result"]


def post(url: str, body: str):
    request = urllib.request.Request(url, body.encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        answer = json.load(reply)
    if isinstance(answer, dict) and "error" in answer:
        raise RuntimeError(answer["error"]["message"])
    return answer


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def verify_rate() -> float:
    """Ed25519 verifications per second on one core, by libsodium."""
    public, secret = nacl.bindings.crypto_sign_seed_keypair(b"\1" * 32)
    signed = nacl.bindings.crypto_sign(b"\2" * 32, secret)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < 1:
        for _ in range(100):
            nacl.bindings.crypto_sign_open(signed, public)
        count += 100
    return count / (time.perf_counter() - began)


def finality(url: str, chain: str, sender: Account, to: bytes, count: int) -> dict:
    """From sending one transfer to a quiet network until the node answers that it is final."""
    times = []
    for _ in range(count):
        time.sleep(0.05)
        began = time.perf_counter()
        transfer = sender.transfer(chain, to, UNITS, FEE)
        call(url, "tx_broadcast", transaction=transfer, mode="wait")
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return {
        "medianMilliseconds": round(statistics.median(times), 1),
        "p99Milliseconds": round(times[min(len(times) - 1, int(0.99 * len(times)))], 1),
        "transfers": count,
    }


def send(url: str, queues) -> int:
    """Batches of 50, the senders in turn; gives the number that the node took."""
    taken = 0
    for position in range(0, max(map(len, queues)), 50):
        for queue in queues:
            batch = [
                {"jsonrpc": "2.0", "id": i, "method": "tx_broadcast", "params": {"transaction": t}}
                for i, t in enumerate(queue[position : position + 50])
            ]
            if batch:
                taken += sum("result" in answer for answer in post(url, json.dumps(batch)))
    return taken


def throughput(urls, chain: str, senders, to: bytes, count: int, pids) -> dict:
    """Signs everything first, then sends batches to all nodes and waits for the last transfer."""
    queues = [[s.transfer(chain, to, 1, FEE) for _ in range(count // len(senders))] for s in senders]
    total = sum(map(len, queues))
    before = [cpu_seconds(p) for p in pids]
    start_height = call(urls[0], "chain_status")["height"]
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(len(urls)) as pool:
        shares = [queues[n :: len(urls)] for n in range(len(urls))]
        work = [pool.submit(send, url, share) for url, share in zip(urls, shares)]
        sent = sum(w.result() for w in work)
    committed, height = 0, start_height
    while committed < sent and time.perf_counter() - began < 120:
        newest = call(urls[0], "chain_status")["height"]
        while height < newest:
            height += 1
            committed += len(call(urls[0], "chain_block", height=height)["transactions"])
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    cpu = [cpu_seconds(p) - b for p, b in zip(pids, before)]
    return {
        "offered": total,
        "accepted": sent,
        "committed": committed,
        "seconds": round(seconds, 2),
        "transfersPerSecond": round(committed / seconds, 1),
        "cpuMicrosecondsPerTransferPerNode": round(1e6 * sum(cpu) / len(cpu) / max(1, committed)),
    }


def measure(arguments, folder: str) -> dict:
    network = json.loads(
        subprocess.run(
            [arguments.openledger, "devnet", "init", "--home", f"{folder}/net", "--validators", "4",
             "--accounts", "10", "--base-port", str(arguments.base_port), "--output", "json"],
            check=True, capture_output=True, text=True,
        ).stdout
    )
    accounts = [Account(seed_of(WORDS, i)) for i in range(10)]
    listed = [a["address"] for a in network["accounts"]]
    prefix = listed[0].partition("1")[0]
    assert [bech32m(prefix, a.address) for a in accounts] == listed, "another derivation of keys"
    urls = [v["rpc"] for v in network["validators"]]
    nodes = [
        subprocess.Popen(
            [arguments.openledger, "node", "run", "--home", v["home"]],
            stdout=subprocess.DEVNULL, stderr=open(f"{folder}/{v['name']}.log", "w"),
        )
        for v in network["validators"]
    ]
    try:
        pids = [n.pid for n in nodes]
        deadline = time.time() + 60
        while True:
            try:
                if all(call(u, "chain_status")["height"] >= 2 for u in urls):
                    break
            except OSError:
                pass
            assert time.time() < deadline, "the network does not start"
            time.sleep(0.2)
        time.sleep(5)
        idle = statistics.mean(resident_mib(p) for p in pids)
        chain = network["chain"]
        quick = finality(urls[0], chain, accounts[0], accounts[9].address, arguments.samples)
        load = throughput(urls, chain, accounts[1:9], accounts[9].address, arguments.transfers, pids)
        rate = verify_rate()
        bound = (os.cpu_count() or 1) * rate / 4
        return {
            "finality": quick,
            "load": load,
            "idleValidatorMiB": round(idle, 1),
            "loadedValidatorMiB": round(statistics.mean(resident_mib(p) for p in pids), 1),
            "verificationsPerSecondPerCore": round(rate),
            "signatureBoundTransfersPerSecond": round(bound),
            "shareOfSignatureBound": round(load["transfersPerSecond"] / bound, 3),
        }
    finally:
        stop(nodes)


def stop(nodes: list[subprocess.Popen]) -> None:
    """Asks all to end, then waits for each; one that has not ended after ten seconds is killed."""
    for node in nodes:
        node.send_signal(signal.SIGTERM)
    for node in nodes:
        try:
            node.wait(10)
        except subprocess.TimeoutExpired:
            node.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openledger", required=True)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--transfers", type=int, default=20_000)
    parser.add_argument("--base-port", type=int, default=29_400)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="openledger-bench-") as folder:
        print(json.dumps(measure(arguments, folder), indent=2))


if __name__ == "__main__":
    main()
