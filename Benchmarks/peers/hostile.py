"""Honest transfers while others attack: throughput, memory, and how soon each attacker is cut off.

Four validators on loopback; the attackers come from other loopback addresses, as nobody that the
operators have named, with low priority, since all run on one machine. Prints JSON.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

import chain
import noise
from wallet import Account, seed_of

PROTOCOL = 2
ATTACKS = ["none", "idle", "oversized", "garbage", "flood", "slow", "addresses"]


def source(number: int) -> str:
    return f"127.0.{1 + number // 200}.{1 + number % 200}"


def closed_after(peer: socket.socket, limit: float) -> float:
    """Seconds until the other side ends the connection; the limit if it does not."""
    began = time.monotonic()
    peer.settimeout(0.5)
    while time.monotonic() - began < limit:
        try:
            if not peer.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


class Attacker:
    """One kind of attack on all nodes, until told to stop. Times are those of being cut off."""

    def __init__(self, kind: str, ports: list[int], context: bytes):
        self.kind, self.ports, self.context = kind, ports, context
        self.times, self.refused, self.stopping = [], 0, threading.Event()

    def run(self, seconds: float) -> dict:
        count = {"idle": 250, "oversized": 4, "garbage": 4, "flood": 4, "slow": 4, "addresses": 2}
        threads = [
            threading.Thread(target=self.loop, args=(port, source(number)), daemon=True)
            for port in self.ports
            for number in range(count[self.kind])
        ]
        for thread in threads:
            thread.start()
        self.stopping.wait(seconds)
        self.stopping.set()
        for thread in threads:
            thread.join(12)
        times = sorted(self.times)
        return {
            "connections": len(times),
            "refusedAtOnce": self.refused,
            "medianSecondsUntilCut": round(statistics.median(times), 2) if times else None,
            "longestSecondsUntilCut": round(times[-1], 2) if times else None,
        }

    def loop(self, port: int, host: str) -> None:
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                getattr(self, self.kind)(("127.0.0.1", port), host)
                self.times.append(time.monotonic() - began)
            except OSError:
                if time.monotonic() - began > 0.5:
                    self.times.append(time.monotonic() - began)
                else:
                    self.refused += 1
                    self.stopping.wait(0.2)

    def plain(self, address, host) -> socket.socket:
        connection = socket.socket()
        connection.bind((host, 0))
        connection.settimeout(10)
        connection.connect(address)
        return connection

    def idle(self, address, host) -> None:
        with self.plain(address, host) as connection:
            closed_after(connection, 10)

    def oversized(self, address, host) -> None:
        with self.plain(address, host) as connection:
            connection.sendall(b"\xff\xff\xff\xff" + os.urandom(4096))
            closed_after(connection, 10)
            self.stopping.wait(0.01)

    def garbage(self, address, host) -> None:
        with self.plain(address, host) as connection:
            connection.sendall(struct.pack(">I", 100) + os.urandom(100))
            closed_after(connection, 10)
            self.stopping.wait(0.01)

    def peer(self, address, host) -> noise.Peer:
        try:
            return noise.Peer(address, self.context, host)
        except (OSError, IndexError):
            raise ConnectionError("no handshake") from None

    def flood(self, address, host) -> None:
        """Statuses that decode, as fast as they are taken."""
        peer = self.peer(address, host)
        status = b"\0" + struct.pack("<QIB", 1, 0, 0) + struct.pack("<I", 0) * 2
        began = time.monotonic()
        with contextlib.suppress(OSError), peer.socket:
            while time.monotonic() - began < 10:
                peer.send(noise.CONSENSUS, *[status] * 100)

    def slow(self, address, host) -> None:
        """Asks for all blocks again and again, and reads nothing."""
        peer = self.peer(address, host)
        request = b"\6" + struct.pack("<QB", 1, 32)
        began = time.monotonic()
        with contextlib.suppress(OSError), peer.socket:
            while time.monotonic() - began < 10:
                peer.send(noise.BLOCK_SYNC, request)
                time.sleep(0.01)

    def addresses(self, address, host) -> None:
        """Addresses that nobody asked for."""
        peer = self.peer(address, host)
        frame = peer.sending.seal(b"\x84" + struct.pack("<I", 64) + os.urandom(18 * 64))
        with contextlib.suppress(OSError), peer.socket:
            peer.frame(frame)
            closed_after(peer.socket, 10)


def one_round(network, nodes, senders, to, kind: str, context: bytes, transfers: int) -> dict:
    ports = [int(v["rpc"].rpartition(":")[2]) + 1 for v in network["validators"]]
    urls = [v["rpc"] for v in network["validators"]]
    pids = [n.pid for n in nodes]
    attack = None
    if kind != "none":
        attack = subprocess.Popen(
            ["nice", "-n", "19", sys.executable, __file__, "--attack", kind, "--ports",
             ",".join(map(str, ports)), "--context", context.hex()],
            stdout=subprocess.PIPE, text=True,
        )
        time.sleep(3)
    load = chain.throughput(urls, network["chain"], senders, to, transfers, pids)
    memory = statistics.mean(chain.resident_mib(p) for p in pids)
    result = {
        "attack": kind,
        "transfersPerSecond": load["transfersPerSecond"],
        "committed": load["committed"],
        "offered": load["offered"],
        "cpuMicrosecondsPerTransferPerNode": load["cpuMicrosecondsPerTransferPerNode"],
        "memoryMiB": round(memory, 1),
    }
    if attack:
        attack.send_signal(signal.SIGTERM)
        output, _ = attack.communicate(timeout=60)
        result |= json.loads(output)
    return result


def measure(arguments, folder: str) -> list[dict]:
    network = json.loads(
        subprocess.run(
            [arguments.openledger, "devnet", "init", "--home", f"{folder}/net", "--validators", "4",
             "--accounts", "12", "--base-port", str(arguments.base_port), "--output", "json"],
            check=True, capture_output=True, text=True,
        ).stdout
    )
    accounts = [Account(seed_of(chain.WORDS, i)) for i in range(12)]
    nodes = [
        subprocess.Popen(
            [arguments.openledger, "node", "run", "--home", v["home"]],
            stdout=subprocess.DEVNULL, stderr=open(f"{folder}/{v['name']}.log", "w"),
        )
        for v in network["validators"]
    ]
    genesis = bytes.fromhex(network["genesis"].removeprefix("0x"))
    context = noise.prologue(network["chain"], genesis, PROTOCOL)
    try:
        time.sleep(6)
        rounds = []
        for kind in arguments.kinds.split(","):
            rounds.append(
                one_round(
                    network, nodes, accounts[1:11], accounts[11].address, kind, context,
                    arguments.transfers,
                )
            )
            print(json.dumps(rounds[-1]), flush=True)
        return rounds
    finally:
        chain.stop(nodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openledger")
    parser.add_argument("--transfers", type=int, default=8_000)
    parser.add_argument("--kinds", default=",".join(ATTACKS + ["none"]))
    parser.add_argument("--base-port", type=int, default=29_600)
    parser.add_argument("--attack", choices=ATTACKS[1:])
    parser.add_argument("--ports")
    parser.add_argument("--context")
    arguments = parser.parse_args()
    if arguments.attack:
        ports = [int(p) for p in arguments.ports.split(",")]
        attacker = Attacker(arguments.attack, ports, bytes.fromhex(arguments.context))
        signal.signal(signal.SIGTERM, lambda *_: attacker.stopping.set())
        print(json.dumps(attacker.run(120)))
        return
    with tempfile.TemporaryDirectory(prefix="openledger-hostile-") as folder:
        measure(arguments, folder)


if __name__ == "__main__":
    main()
