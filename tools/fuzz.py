"""Fuzzes the judge's readers, counts what came of it, and prints the counts.

    python -m tools.fuzz [--seconds 20]     CPU-seconds for each reader

Mutations of bytes that the reader accepts, from a fixed seed; then the same readers under atheris, which
follows the branches that its inputs take, where it is installed. A finding is printed with its bytes, and
becomes a test. data/results/fuzz.json says what was run.
"""

import argparse
import collections
import hashlib
import importlib
import importlib.util
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from tools import results
from tools.fuzz_targets import TARGETS, mutated, networks, outcome_of, random_edits
from tools.rooms import ROOT

SEED = 7
IN_WORKER = 60  # mutated files that the reference reads in a sandboxed worker


def cpu_seconds(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def fuzz(name: str, seconds: float) -> dict[str, Any]:
    """Mutates this reader's seeds until the time is used up."""
    target, source = TARGETS[name], random.Random(f"{SEED} {name}")
    seeds, words, findings = target.seeds(), collections.Counter[str](), dict[str, str]()
    began = cpu_seconds()
    while cpu_seconds() - began < seconds:
        seed = source.choice(seeds)
        data = mutated(seed, random_edits(source, seed))
        try:
            words[outcome_of(target, data)] += 1
        except Exception as error:
            words["fault"] += 1
            findings.setdefault(f"{type(error).__name__}: {error}"[:200], data.hex()[:4000])
    return {
        "reads": target.where,
        "cases": words.total(),
        "outcomes": dict(words.most_common()),
        "faults": findings,
    }


def guided(name: str, seconds: float) -> dict[str, Any]:
    """The same reader under atheris, in a process of its own, which ends itself."""
    with tempfile.TemporaryDirectory() as folder:
        for at, seed in enumerate(TARGETS[name].seeds()):
            (Path(folder) / f"seed{at}").write_bytes(seed)
        options = [
            f"-max_total_time={seconds:.0f}",
            "-max_len=4096",
            "-print_final_stats=1",
            "-rss_limit_mb=4096",
        ]
        options += [f"-artifact_prefix={folder}/found-", "-timeout=20", f"-seed={SEED}"]
        command = [sys.executable, "-m", "tools.fuzz", "--guided", name, "--", *options, folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        cases = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
        covered = re.findall(r"cov: (\d+)", done.stderr)
        faults = {
            path.name.partition("found-")[2]: path.read_bytes().hex()[:4000]
            for path in Path(folder).glob("found-*")
        }
        if done.returncode and not faults:
            faults = {"atheris": done.stderr[-300:]}
        return {
            "cases": int(cases[1]) if cases else 0,
            "branches": int(covered[-1]) if covered else 0,
            "faults": faults,
        }


def run_guided(name: str, options: list[str]) -> None:
    """In atheris' own process: instruments the judge's modules before they are imported anew."""
    atheris = importlib.import_module("atheris")

    for module in [module for module in sys.modules if module.split(".")[0] in ("autograder", "shrink")]:
        del sys.modules[module]
    del sys.modules["tools.fuzz_targets"]
    with atheris.instrument_imports(include=["autograder", "shrink"]):
        fuzz_targets = importlib.import_module("tools.fuzz_targets")

    target = fuzz_targets.TARGETS[name]
    atheris.Setup([sys.argv[0], *options], lambda data: fuzz_targets.outcome_of(target, data))
    atheris.Fuzz()


def in_worker() -> dict[str, Any]:
    """Mutated files read by the reference in a sandboxed job: the job survives or its end is reported."""
    from autograder import grade
    from autograder.task import Outcome, scenario

    @scenario
    def call_decode(work, data):  # type: ignore[no-untyped-def]
        return len(work.decode_network(data))

    seeds, source, words = networks(), random.Random(SEED), collections.Counter[str]()
    room = grade.find_room("weight_sharing")
    with grade.Workers() as workers:
        job = workers.trusted.open(room.reference)
        for _ in range(IN_WORKER):
            seed = source.choice(seeds)
            data = mutated(seed, random_edits(source, seed))
            data = data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")
            try:
                job.call(call_decode, {"data": data}, task="decode_network", seed=0, cpu_seconds=5)
                words["read"] += 1
            except Outcome as outcome:
                words[getattr(outcome, "types", [type(outcome).__name__])[0]] += 1
            if not job.alive:
                job = workers.trusted.open(room.reference)
        job.close()
        return {"level": workers.level, "cases": words.total(), "outcomes": dict(words.most_common())}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20, help="CPU-seconds for each reader and way")
    parser.add_argument("--guided", choices=TARGETS, help=argparse.SUPPRESS)
    parser.add_argument("options", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.guided:
        run_guided(given.guided, given.options)
        return
    torch.set_num_threads(1)
    found: dict[str, Any] = {"seconds": given.seconds, "mutated": {}, "guided": {}}
    found["targets"] = hashlib.sha256((ROOT / "tools" / "fuzz_targets.py").read_bytes()).hexdigest()
    for name in TARGETS:
        found["mutated"][name] = fuzz(name, given.seconds)
        show(name, "mutated", found["mutated"][name])
    if importlib.util.find_spec("atheris"):
        for name in TARGETS:
            found["guided"][name] = guided(name, given.seconds)
            show(name, "atheris", found["guided"][name])
    else:
        print(f"atheris is not installed for Python {sys.version.split()[0]}: mutations alone", flush=True)
    found["worker"] = in_worker()
    found["megabytes"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"in a worker: {found['worker']}; the fuzzer took {found['megabytes']} MB at most")
    results.write("fuzz", found, made_by=__file__)
    if any(part["faults"] for way in ("mutated", "guided") for part in found[way].values()):
        raise SystemExit(1)


def show(name: str, way: str, part: dict[str, Any]) -> None:
    what = part.get("outcomes") or f"{part.get('branches', 0)} branches"
    print(f"{name:20} {way:8} {part['cases']:8} cases  {what}", flush=True)
    for fault, data in part["faults"].items():
        print(f"    FAULT {fault}\n    {data[:400]}", flush=True)


if __name__ == "__main__":
    main()
