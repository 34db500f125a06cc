"""corpus.py: writes the beginnings of the corpora that are made from vectors/ and from the bytes in world.c. What a fuzzer found
lies beside them under the hash of its bytes. The files of session/ come from tests/session/test_hostile_streams.c
(GASP_WRITE_CORPUS=1); those of folders that are not named here were written once.

    python3 tests/fuzz/corpus.py

Then, with a build of the preset `fuzz`, to look further and to keep only what adds something:

    build/fuzz/tests/fuzz_message -max_total_time=60 NEW_FOLDER tests/fuzz/corpus/message
    build/fuzz/tests/fuzz_message -merge=1 tests/fuzz/corpus/message NEW_FOLDER
"""

import hashlib
import json
import os
import re
import struct

FUZZ = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FUZZ))
LONGEST = 1200  # bytes of a seed: the filters of large sets are no better than those of small ones
TYPES = {"open": 2, "close": 4, "error": 6, "keepalive": 7, "filter": 8, "inv": 10, "want": 12, "sent": 14, "absent": 16,
         "credit": 18, "roots_end": 20, "turn_end": 22, "round": 24, "changed": 25, "skip": 28, "spend": 30}


def cases(path):
    with open(os.path.join(ROOT, "vectors", path), encoding="utf-8") as file:
        return json.load(file)["cases"]


def seed(target, name, data):
    if len(data) > LONGEST:
        return
    folder = os.path.join(FUZZ, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def messages():
    for topic, number in TYPES.items():
        if not os.path.exists(os.path.join(ROOT, "vectors/message", topic + ".json")):
            continue
        for case in cases(f"message/{topic}.json"):
            seed("message", f"{topic}-{case['name']}", struct.pack("<H", number) + bytes.fromhex(case["hex"]))
    for case in cases("message/unknown.json"):
        seed("message", f"unknown-{case['name']}", struct.pack("<H", case["type"]) + bytes.fromhex(case["hex"]))
    for case in cases("message/frame.json"):
        limits = struct.pack("<HH", min(case["max_frame"] - 1, 65535), min(case["max_message"] // 16, 65535))
        seed("frames", case["name"], limits + bytes.fromhex(case["hex"]))


def bump_json():
    for case in cases("bump/valid.json"):
        if "json" in case:
            seed("bump_json", case["name"], json.dumps(case["json"], separators=(",", ":")).encode())


def world_bytes(name):
    with open(os.path.join(FUZZ, "world.c"), encoding="utf-8") as file:
        text = re.search(r"\b%s\[\d+\] = \{(.*?)\};" % name, file.read(), re.S).group(1)
    return bytes(int(x, 16) for x in re.findall(r"0x([0-9a-f]{2})", text))


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, n):
        return int.from_bytes(self.take(n), "little")

    def compact(self):
        first = self.number(1)
        return first if first < 253 else self.number({253: 2, 254: 4, 255: 8}[first])

    def sized(self):
        return self.take(self.compact())


def compact(n):
    return bytes([n]) if n < 253 else b"\xfd" + struct.pack("<H", n)


def read_tx(r):
    """A transaction: its bytes, the outpoints that it spends, its outputs."""
    start = r.at
    r.take(4)
    inputs, outputs = [], []
    for _ in range(r.compact()):
        inputs.append((r.take(32), r.number(4)))
        r.sized()
        r.take(4)
    for _ in range(r.compact()):
        amount = r.number(8)
        outputs.append((amount, r.sized()))
    r.take(4)
    return r.data[start:r.at], inputs, outputs


def beef_txs(beef):
    r = Reader(beef, 4)
    for _ in range(r.compact()):
        r.compact()
        for _ in range(r.number(1)):
            for _ in range(r.compact()):
                r.compact()
                if r.number(1) != 1:
                    r.take(32)
    txs = []
    for _ in range(r.compact()):
        txs.append(read_tx(r))
        if r.number(1) == 1:
            r.compact()
    return txs


def double(data):
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def scripts_and_blocks():
    txs = beef_txs(world_bytes("beef"))
    outputs = {double(raw): outs for raw, _, outs in txs}
    for i, (raw, inputs, _) in enumerate(txs):
        parent, vout = inputs[0]
        if parent in outputs:
            amount, script = outputs[parent][vout]
            for flags in (0, 79, 127):
                seed("script", f"p2pkh-{i}-{flags}",
                     struct.pack("<BHQ", 1, flags, amount) + compact(len(script)) + script + raw)
    for n in range(3):
        body = b"".join(raw for raw, _, _ in txs[:n])
        seed("block", f"transactions-{n}", world_bytes("header") + compact(n) + body)
    key = bytes([2]) + bytes(32)
    for name, script in (("p2pk", b"\x21" + key + b"\xac"), ("empty", b""), ("pushes", b"\x4c\x02\x01\x02\x4d\x01\x00\x07\x51\x60"),
                         ("cut", b"\x4e\xff\xff\xff\xff\x00")):
        seed("script", name, struct.pack("<BHQ", 0, 71, 1000) + compact(len(script)) + script + txs[1][0])


def mined(previous, when, n):
    run, bits = b"", bytes.fromhex("ffff7f20")
    for i in range(n):
        head = struct.pack("<I", 0x20000000) + previous + hashlib.sha256(bytes([i])).digest()
        nonce = 0
        while True:
            raw = head + struct.pack("<I", when + 600 * i) + bits + struct.pack("<I", nonce)
            if double(raw)[31] < 0x7f:
                break
            nonce += 1
        run, previous = run + raw, double(raw)
    return run, previous


def headers():
    root = bytes.fromhex("3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a")
    genesis = struct.pack("<I", 1) + bytes(32) + root + struct.pack("<I", 1296688602) + bytes.fromhex("ffff7f20") + struct.pack("<I", 2)
    run, _ = mined(double(genesis), 1296689202, 12)
    other, _ = mined(double(run[:240][-80:]), 1296695000, 11)

    def part(how, height, data):
        return bytes([how, height, len(data) // 80]) + data

    seed("headers", "run", part(0, 1, run))
    seed("headers", "run-twice", part(0, 1, run[:400]) + part(0, 1, run))
    seed("headers", "gap", part(0, 1, run[:160]) + part(0, 6, run[400:]))
    seed("headers", "decree-then-run", part(2, 5, run[320:400]) + part(0, 1, run))
    seed("headers", "branch", part(0, 1, run[:480]) + part(0, 4, other) + part(0, 7, run[480:]))
    seed("headers", "pin", part(1, 1, run))
    seed("headers", "genesis", part(0, 0, genesis + run[:160]))
    seed("headers", "odd-length", part(128, 1, run[:160]) + b"\0")


def pairs():
    for flags in (1, 2, 3, 5):
        seed("pair", f"honest-{flags}", bytes([flags]))
    for what in range(8):
        for passed in (0, 1, 3, 5):
            steps = struct.pack("<BBHB", passed, what, 20000 + 4000 * what, 40)
            seed("pair", f"step-{what}-{passed}", bytes([1 + what % 2 + 4 * (passed % 2)]) + steps)


def texts():
    seed("text", "outpoint", b"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098.0")
    seed("text", "outpoint-largest", b"0E3E2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098_4294967295")
    seed("text", "outpoint-zero", b"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098:01")
    seed("text", "hash", b"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098")
    seed("text", "hex", b"00fF7a")


messages()
bump_json()
scripts_and_blocks()
headers()
pairs()
texts()
for trace in ("chain-initiator", "chain-responder"):
    with open(os.path.join(ROOT, "vectors/trace", trace + ".trace"), "rb") as recorded:
        data = recorded.read()
    os.makedirs(os.path.join(FUZZ, "corpus/trace"), exist_ok=True)
    with open(os.path.join(FUZZ, "corpus/trace", trace), "wb") as copy:
        copy.write(data)
