# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares our command with a peer that does the same work, and with a floor that no program of its
kind can be under. The commands take turns (A B C A B C), so that what else the machine does meets all
of them; a ratio is taken in each round, and its median over the rounds is what counts."""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-bench"
AVOUCH = str(BUILD / "src" / "avouch")
PACKAGES = ["meson", "ninja-build", "gcc", "pkg-config", "libssl-dev", "libsystemd-dev", "libtss2-dev",
            "libblkid-dev", "libcryptsetup-dev", "libfdisk-dev", "libmd-dev", "zlib1g-dev", "liblzma-dev",
            "libzstd-dev"]


class Command:
    """One of those that are compared. name: what a reader is told; before: called ahead of each run, outside
    of what is measured."""

    def __init__(self, name, words, before=None):
        self.name, self.words, self.before = name, [str(word) for word in words], before

    def run(self):
        """One run: seconds on the clock, seconds of CPU of the whole tree of processes, bytes written, and the
        most memory that one of the processes had."""
        if self.before:
            self.before()
        null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1)]
        null.append((os.POSIX_SPAWN_OPEN, 2, "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        start = time.monotonic()
        child = os.posix_spawnp(self.words[0], self.words, os.environ, file_actions=null, setpgroup=0)
        try:
            _, status, used = os.wait4(child, 0)
        except BaseException:  # we are ended: so is all that it started
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise
        wall = time.monotonic() - start
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            sys.exit(f"bench: {' '.join(self.words)}: exit status {code}\n{pathlib.Path('stderr').read_text()}")
        return {"wall": wall, "CPU": used.ru_utime + used.ru_stime, "written": used.ru_oublock * 512,
                "memory": used.ru_maxrss * 1024}


def need(*packages):
    """What the peers come from is installed."""
    subprocess.run([ROOT / "test/support/need", *packages], check=True, stdout=sys.stderr)


def build():
    """Our programs, optimised, as a distribution builds them."""
    need(*PACKAGES)
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", BUILD, ROOT, "--buildtype=release", "-Dtests=false", "-Dman=false"],
                       check=True, stdout=subprocess.DEVNULL)
    made = subprocess.run(["ninja", "-C", BUILD], check=False, stdout=subprocess.PIPE, text=True)
    if made.returncode != 0:
        sys.exit(made.stdout)


def version(*words):
    """A program and its version, from what it says of itself."""
    got = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    number = re.search(r"[0-9]+(\.[0-9]+)+", got.stdout)
    return f"{words[0]} {number[0] if number else '(version unknown)'}"


def spread(values, form):
    """median [min-max]"""
    return f"{form % statistics.median(values)} [{form % min(values)}-{form % max(values)}]"


def ratios(tops, bottoms):
    """Of each round, spread out."""
    return spread([top / bottom for top, bottom in zip(tops, bottoms)], "%.2f")


def compare(ours, peer, floor, rounds):
    """Rows: what was measured, ours, peer, floor, ours / peer, ours / floor."""
    results = {command: [] for command in (ours, peer, floor)}
    for command in results:
        command.run()  # once for the caches
    for _ in range(rounds):
        for command, runs in results.items():
            runs.append(command.run())
    rows = []
    for what in ("CPU", "wall"):
        series = [[run[what] * 1000 for run in results[command]] for command in (ours, peer, floor)]
        rows.append([what + " ms"] + [spread(values, "%.1f") for values in series]
                    + [ratios(series[0], series[1]), ratios(series[0], series[2])])
    written = {command.name: statistics.median(run["written"] for run in runs) for command, runs in results.items()}
    return rows, written


def counted(what, ours, peer, floor="-"):
    """A row of figures that are the same in every run."""
    return [what, f"{ours:g}", f"{peer:g}", f"{floor:g}" if floor != "-" else "-", f"{ours / peer:.2f}",
            f"{ours / floor:.2f}" if floor != "-" else "-"]


def table(results):
    """The rows of all results under one head, as Markdown that is easy on the eye."""
    lines = [["bench", "measured", "ours", "peer", "floor", "ours / peer", "ours / floor"]]
    lines += [[result["name"]] + row for result in results for row in result["rows"]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    text += ["", "Median [least-most] of the rounds; each ratio is the median of the ratios of single rounds."]
    for result in results:
        text += ["", f"**{result['name']}**, {result['rounds']} rounds. {result['note']}"]
        text += [f"- {role}: {what}" for role, what in result["sides"].items()]
    return "\n".join(text)


def main(name, rounds, sides, note):
    """A bench: sides() is called in an empty scratch folder, and gives ours, peer, floor, and a function of
    what was written that gives more rows."""
    options = argparse.ArgumentParser(description=note)
    options.add_argument("--rounds", type=int, default=rounds)
    options.add_argument("--json", action="store_true", help="for test/bench/all")
    arguments = options.parse_args()
    build()
    for variable in [v for v in os.environ if v.startswith("AVOUCH_")] + ["SOURCE_DATE_EPOCH", "TSS2_LOG"]:
        os.environ.pop(variable, None)
    os.environ["LC_ALL"] = "C.UTF-8"
    for number in (signal.SIGTERM, signal.SIGHUP):  # what was mounted and started ends with us
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="avouch-bench-", dir="/var/tmp") as scratch:
        os.chdir(scratch)
        try:
            ours, peer, floor, more = sides()
            rows, written = compare(ours, peer, floor, max(arguments.rounds, 1))
            rows += more(written)
        finally:
            for stop in STOPS:
                stop()
            os.chdir("/")
    result = {"name": name, "rounds": max(arguments.rounds, 1), "note": note, "rows": rows,
              "sides": {"ours": ours.name, "peer": peer.name, "floor": floor.name}}
    print(json.dumps(result) if arguments.json else table([result]))


STOPS = []  # called before the scratch folder goes away


class Tpm:
    """A software TPM in the current folder, which everybody speaks to from now on, and an empty log in memory as
    /run is. traced: it writes down what it is asked, which takes its time."""

    def __init__(self, traced=True):
        need("swtpm", "tpm2-tools", "libtss2-tcti-swtpm0")
        here = pathlib.Path.cwd()
        # paths of sockets are short, and so is that of the scratch folder
        (here / "tpm").mkdir()
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.log_dir = tempfile.mkdtemp(prefix="avouch-bench-", dir=memory)
        STOPS.append(self.stop)
        self.trace = here / "trace"
        self.server = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={here}/tpm", "--flags", "not-need-init,startup-clear",
             "--server", f"type=unixio,path={here}/socket", "--ctrl", f"type=unixio,path={here}/socket.ctrl",
             "--log", f"file={self.trace},level={20 if traced else 0}"], stdin=subprocess.DEVNULL)
        for _ in range(1000):
            if (here / "socket").exists() and (here / "socket.ctrl").exists():
                break
            time.sleep(0.01)
        else:
            sys.exit("bench: swtpm did not start")
        os.environ["TPM2TOOLS_TCTI"] = f"swtpm:path={here}/socket"
        os.environ["AVOUCH_LOG_DIR"] = self.log_dir
        os.environ["AVOUCH_STATE_DIR"] = f"{self.log_dir}/state"

    def commands(self, command):
        """How many commands the TPM is sent by one run."""
        before = self.trace.read_text(errors="replace").count("SWTPM_IO_Read")
        command.run()
        return self.trace.read_text(errors="replace").count("SWTPM_IO_Read") - before

    def stop(self):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.log_dir, ignore_errors=True)
