"""Seven validators on addresses of their own, over a bad network: they must go on, stop and go on again.

Every validator runs in a network namespace (`ip netns`) with one TUN device. The devices meet in
this program, which is the wire between them: each packet waits for the delay, some are lost, and
a partition lets none across. Real packets are lost, so TCP resends as it would anywhere. Kernels
without `netem` have this too, and the losses come from a seed.

Needs root, iproute2 and /dev/net/tun, and says so otherwise. Cleans up after itself.
"""

import argparse
import contextlib
import ctypes
import fcntl
import heapq
import http.client
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

from wallet import Account, UNITS, seed_of

FEE = UNITS // 1000
WORDS = "test test test test test test test test test test test junk"
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def command(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def address(index: int) -> str:
    return f"10.77.0.{index + 1}"


class Wire(threading.Thread):
    """Carries packets between the devices, late, and not all of them."""

    def __init__(self, devices: list[int], delay: float, loss: float, seed: int):
        super().__init__(daemon=True)
        self.devices, self.delay, self.loss = devices, delay, loss
        self.random = random.Random(seed)
        self.sides = [0] * len(devices)
        self.carried = self.lost = self.refused = self.bytes = 0
        self.stopping = False

    def partition(self, groups: list[list[int]]) -> None:
        """Only members of one group hear each other."""
        for side, members in enumerate(groups):
            for member in members:
                self.sides[member] = side

    def heal(self) -> None:
        self.sides = [0] * len(self.devices)

    def run(self) -> None:
        places = {device: index for index, device in enumerate(self.devices)}
        waiting, number = [], 0
        while not self.stopping:
            pause = min(0.05, max(0, waiting[0][0] - time.monotonic())) if waiting else 0.05
            ready, _, _ = select.select(self.devices, [], [], pause)
            now = time.monotonic()
            for device in ready:
                with contextlib.suppress(OSError):
                    while True:
                        packet = os.read(device, 2048)
                        target = self.target(places[device], packet)
                        if target is not None:
                            number += 1
                            heapq.heappush(waiting, (now + self.delay, number, target, packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(waiting)
                with contextlib.suppress(OSError):
                    os.write(self.devices[target], packet)

    def target(self, source: int, packet: bytes) -> int | None:
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[16:19] != bytes([10, 77, 0]):
            return None
        target = packet[19] - 1
        if not 0 <= target < len(self.devices):
            return None
        if self.sides[source] != self.sides[target]:
            self.refused += 1
            return None
        if self.random.random() < self.loss:
            self.lost += 1
            return None
        self.carried += 1
        self.bytes += len(packet)
        return target


class Node:
    """One validator in its namespace, and an HTTP connection to it that lives there too."""

    def __init__(self, index: int, home: str, rpc: int, space: str):
        self.index, self.home, self.rpc, self.space = index, home, rpc, space
        self.process = None
        self.connection = None

    def start(self, openledger: str) -> None:
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.space, openledger, "node", "run", "--home", self.home],
            stdout=subprocess.DEVNULL,
            stderr=open(f"{self.home}/log", "w"),
        )

    def connect(self) -> None:
        """A socket stays in the namespace that its thread was in when it was made."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net") as ours, open(f"/var/run/netns/{self.space}") as theirs:
            if libc.setns(theirs.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.rpc, timeout=60)
                self.connection.connect()
            finally:
                libc.setns(ours.fileno(), CLONE_NEWNET)

    def call(self, method: str, **parameters):
        if self.connection is None or self.connection.sock is None:
            self.connect()
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        self.connection.request("POST", "/", body, {"content-type": "application/json"})
        answer = json.load(self.connection.getresponse())
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def height(self) -> int:
        return self.call("chain_status")["height"]

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()


def device(name: str, space: str, index: int) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    command("ip", "netns", "add", space)
    command("ip", "link", "set", name, "netns", space)
    for words in (
        ["link", "set", "lo", "up"],
        ["addr", "add", f"{address(index)}/24", "dev", name],
        ["link", "set", name, "up"],
    ):
        command("ip", "-n", space, *words)
    return descriptor


def homes(openledger: str, folder: str, count: int) -> tuple[str, list[Node]]:
    """Homes whose nodes look for each other at the namespaces' addresses."""
    network = json.loads(
        command(
            openledger, "devnet", "init", "--home", f"{folder}/net", "--validators", str(count),
            "--accounts", "3", "--base-port", "26650", "--output", "json",
        )
    )
    nodes = []
    for index, validator in enumerate(network["validators"]):
        path = pathlib.Path(validator["home"], "config.toml")
        text = path.read_text()
        # Validator i listens on port 26651 + 2 i; `[network]` is the section that says so.
        text = re.sub(
            r"127\.0\.0\.1:(\d+)",
            lambda m: f"{address((int(m[1]) - 26651) // 2)}:{m[1]}",
            text,
        )
        head, section, rest = text.partition("[network]")
        rest = rest.replace('host = "127.0.0.1"', f'host = "{address(index)}"', 1)
        path.write_text(head + section + rest)
        rpc = int(validator["rpc"].rpartition(":")[2])
        nodes.append(Node(index, validator["home"], rpc, f"ol{os.getpid()}-{index}"))
    return network["chain"], nodes


def wait_until(what: str, seconds: float, condition) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if condition():
                return
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def finality(nodes: list[Node], chain: str, sender: Account, to: bytes, count: int) -> list[float]:
    times = []
    for number in range(count):
        transfer = sender.transfer(chain, to, UNITS, FEE)
        node = nodes[number % len(nodes)]
        node.height()
        began = time.perf_counter()
        node.call("tx_broadcast", transaction=transfer, mode="wait")
        times.append(1000 * (time.perf_counter() - began))
        time.sleep(0.3)
    return sorted(times)


def advance(nodes: list[Node], seconds: float) -> list[int]:
    before = [n.height() for n in nodes]
    time.sleep(seconds)
    return [n.height() - b for n, b in zip(nodes, before)]


def check_history(nodes: list[Node]) -> dict:
    """One chain everywhere, and nobody accused of signing twice."""
    last = min(n.height() for n in nodes)
    evidence = 0
    for height in range(1, last + 1):
        blocks = [n.call("chain_block", height=height) for n in nodes]
        hashes = {b["hash"] for b in blocks}
        roots = {b["header"]["stateRoot"] for b in blocks}
        assert len(hashes) == len(roots) == 1, f"two blocks at height {height}: {hashes}"
        evidence += len(blocks[0]["evidence"])
    assert evidence == 0, "a validator was accused of signing twice"
    return {"heightsCompared": last, "evidence": evidence}


def scenario(nodes: list[Node], wire: Wire, chain: str, arguments) -> dict:
    sender, to = Account(seed_of(WORDS, 0)), Account(seed_of(WORDS, 1)).address
    quorum = 2 * len(nodes) // 3 + 1
    few, many = nodes[: len(nodes) - quorum], nodes[len(nodes) - quorum :]
    half = len(nodes) // 2
    wait_until("every validator at height 3", 60, lambda: min(n.height() for n in nodes) >= 3)
    times = finality(nodes, chain, sender, to, arguments.samples)
    one_way = 1000 * wire.delay
    result = {
        "oneWayMilliseconds": one_way,
        "loss": wire.loss,
        "finality": {
            "medianMilliseconds": round(statistics.median(times)),
            "worstMilliseconds": round(times[-1]),
            "transfers": len(times),
            "medianInOneWayDelays": round(statistics.median(times) / one_way, 2),
        },
    }

    wire.partition([[n.index for n in few], [n.index for n in many]])
    time.sleep(2)
    moved = advance(few, 8), advance(many, 8)
    result["quorumApart"] = {"minority": moved[0], "majority": moved[1]}
    assert max(moved[0]) == 0, "a minority made blocks"
    assert min(moved[1]) > 0, "the majority stood still"

    wire.partition([[n.index for n in nodes[:half]], [n.index for n in nodes[half:]]])
    time.sleep(2)
    # Who was in the minority may still learn of blocks; none may be new.
    stopped = max(n.height() for n in nodes)
    time.sleep(8)
    result["noQuorumAnywhere"] = max(n.height() for n in nodes) - stopped
    assert result["noQuorumAnywhere"] == 0, "blocks without a quorum"

    wire.heal()
    began = time.monotonic()
    wait_until("blocks after healing", 60, lambda: min(n.height() for n in nodes) > stopped + 1)
    result["secondsToHeal"] = round(time.monotonic() - began, 1)
    times = finality(nodes, chain, sender, to, 5)
    result["medianAfterHealing"] = round(statistics.median(times))
    result |= check_history(nodes)
    result["packets"] = {
        "carried": wire.carried, "lost": wire.lost, "acrossPartitions": wire.refused,
        "mebibytes": round(wire.bytes / 2**20, 1),
    }
    return result


def refuse(reason: str) -> None:
    print(f"netns: {reason}", file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openledger", required=True)
    parser.add_argument("--validators", type=int, default=7)
    parser.add_argument("--delay", type=float, default=50, help="one way, in milliseconds")
    parser.add_argument("--loss", type=float, default=0.01)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        refuse("needs root, for network namespaces")
    if not shutil.which("ip"):
        refuse("needs the command `ip` (iproute2)")
    if not os.path.exists("/dev/net/tun"):
        refuse("needs /dev/net/tun (the kernel's TUN driver)")
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(1))
    nodes, devices, wire = [], [], None
    with tempfile.TemporaryDirectory(prefix="openledger-netns-") as folder:
        try:
            chain, nodes = homes(arguments.openledger, folder, arguments.validators)
            for node in nodes:
                devices.append(device(f"{node.space}", node.space, node.index))
            wire = Wire(devices, arguments.delay / 1000, arguments.loss, arguments.seed)
            wire.start()
            for node in nodes:
                node.start(arguments.openledger)
            print(json.dumps(scenario(nodes, wire, chain, arguments), indent=2))
        finally:
            for node in nodes:
                node.stop()
            if wire:
                wire.stopping = True
                wire.join()
            for node in nodes:
                subprocess.run(["ip", "netns", "del", node.space], capture_output=True)
            for descriptor in devices:
                os.close(descriptor)


if __name__ == "__main__":
    main()
