#!/usr/bin/python3
"""Runs the benchmarks, each beside its peers, and reports.

For each measurement one JSON line goes to standard output and to BUILD/bench.jsonl:
    name, unit, torc, peers {name: value}, ratio (torc / the peer named in ratio_to), bar, missing [peers]
Torc and its peers take turns, at least five times; the values are medians.  The programs measure, this
script only starts them in turn.  Servers listen on a free port, which they print.

Usage: run.py --build DIR [--bars] [NAME...]      a NAME selects what is below it: echo, echo.live, echo.live.c50, ...
--bars: exit status 1 if a bar is missed; "N passed, N failed, N skipped" at the end.  On a machine that does other
things figures are shown and bars are skipped.
"""
import argparse
import glob
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = 5
BUSY_MAX = 0.1  # of all processors
TWISTED_PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")


class Missing(Exception):
    """A peer, or Torc's own program, that is not there."""


def busy_share(seconds):
    """The share of the processors that others use, measured while nothing of ours runs."""
    def account():
        with open("/proc/stat", encoding="ascii") as stat:
            fields = [int(field) for field in stat.readline().split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    total, idle = account()
    time.sleep(seconds)
    total_after, idle_after = account()
    return 1 - (idle_after - idle) / max(1, total_after - total)


def judge(line):
    """Whether what was measured reaches its bar; None: it has none, or the peer it is beside is not here.

    A bar is "[WHAT] OP NUMBER", where WHAT is ratio, torc or torc - PEER; without it the ratio, or torc where there is
    no peer."""
    match = re.fullmatch(r"(?:(ratio|torc|torc - (\w+)) )?(<=|>=|<) ([0-9.]+)", line.get("bar") or "shown")
    if match is None:
        return None
    what, peer, comparison, limit = match.groups()
    if what is None:
        what = "ratio" if line.get("ratio_to") else "torc"
    value = line.get("ratio") if what == "ratio" else line["torc"]
    if peer is not None and value is not None:
        value = value - line["peers"][peer] if peer in line["peers"] else None
    if value is None:
        return None
    limit = float(limit)
    return value <= limit if comparison == "<=" else value >= limit if comparison == ">=" else value < limit


class Bench:
    def __init__(self, build, selected):
        self.build = build
        self.selected = selected
        self.reached = []
        self.missed = []
        self.lines = open(os.path.join(build, "bench.jsonl"), "a", encoding="utf-8")

    def wants(self, name):
        """Whether `name` was selected, or a part of it was."""
        return not self.selected or any(
            (name + ".").startswith(s + ".") or s.startswith(name + ".") for s in self.selected)

    def program(self, name):
        path = os.path.join(self.build, "bench", name)
        if not os.path.exists(path):
            raise Missing(name)
        return [path]

    def emit(self, line):
        print(line, flush=True)
        print(line, file=self.lines, flush=True)
        measured = json.loads(line)
        verdict = judge(measured)
        if verdict is not None:
            (self.reached if verdict else self.missed).append(measured)

    def tell_bars(self):
        """Shows what is missed and counts; returns the exit status."""
        for measured in self.missed:
            print(f"missed: {measured['name']}: {measured['torc']} {measured['unit']}, ratio {measured.get('ratio')}, "
                  f"bar {measured['bar']}")
        print(f"{len(self.reached)} passed, {len(self.missed)} failed")
        return 1 if self.missed else 0

    def report(self, name, unit, values, ratio_to, bar, missing):
        """`values` maps "torc" and each peer to its median."""
        values = {who: round(value, 3) for who, value in values.items()}
        torc = values.pop("torc", None)
        ratio = None
        if torc is not None and values.get(ratio_to):
            ratio = round(torc / values[ratio_to], 3)
        self.emit(json.dumps({"name": name, "unit": unit, "torc": torc, "peers": values,
                              "ratio": ratio, "ratio_to": ratio_to, "bar": bar,
                              "missing": sorted(missing)}))

    def alternate(self, name, unit, runs, ratio_to, bar, rounds=ROUNDS):
        """`runs` maps "torc" and each peer to a function that measures once."""
        values = {}
        missing = set()
        for turn in range(rounds):
            order = list(runs)
            order = order[turn % len(order):] + order[:turn % len(order)]
            for who in order:
                if who in missing:
                    continue
                try:
                    values.setdefault(who, []).append(runs[who]())
                except Missing:
                    missing.add(who)
        medians = {who: statistics.median(values[who]) for who in runs if values.get(who)}
        self.report(name, unit, medians, ratio_to, bar, missing)


def many_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def twisted_script(name):
    probe = subprocess.run([TWISTED_PYTHON, "-c", "import twisted"], capture_output=True, check=False)
    if probe.returncode != 0:
        raise Missing("twisted")
    return [TWISTED_PYTHON, os.path.join(HERE, name)]


def cargo_program(bench, name):
    """Of bench/NAME, built by cargo where there is one that can; the crates come from its registry, or its cache."""
    target = os.path.join(bench.build, "bench", "cargo")
    manifest = os.path.join(HERE, name, "Cargo.toml")
    try:
        built = subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", manifest,
                                "--target-dir", target], capture_output=True, check=False, timeout=600)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        raise Missing(name) from None
    if built.returncode != 0:
        raise Missing(name)
    return [os.path.join(target, "release", name)]


def last_line(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}: exit status {done.returncode}")
    return done.stdout.strip().splitlines()[-1]


def torc_value(command):
    return json.loads(last_line(command))["torc"]


def end_process(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise SystemExit(f"bench: {process.args[0]} did not end on SIGTERM") from None


class Server:
    """A child that prints "port N" and serves until it is told to end."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        if len(words) != 2 or words[0] != "port":
            raise SystemExit(f"bench: {command[0]} did not say its port")
        self.port = words[1]

    def cpu_seconds(self):
        """Of all its threads, from the scheduler's own account; in clock ticks where it keeps none."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as stat:
                total += int(stat.read().split()[0])
        if total > 0:
            return total / 1e9
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as stat:
            return int(stat.read().split()[1]) * resource.getpagesize()

    def end(self):
        end_process(self.process)
        self.process.stdout.close()


def echo_commands(bench):
    """The echo servers: a function for each, which may find its program missing."""
    return {
        "torc": lambda: bench.program("echo_server"),
        "libevent": lambda: bench.program("peer_libevent_echo"),
        "bufferevent": lambda: bench.program("peer_bufferevent_echo"),
        "libuv": lambda: bench.program("peer_libuv_echo"),
        "twisted": lambda: twisted_script("peer_twisted_echo.py"),
    }


def start_servers(bench, names=None):
    servers = {}
    missing = set()
    for who, command in echo_commands(bench).items():
        if names is not None and who not in names:
            continue
        try:
            servers[who] = Server(command())
        except Missing:
            missing.add(who)
    return servers, missing


class Load:
    """echo_load, ready to begin."""

    def __init__(self, bench, server, connections, depth, messages):
        command = bench.program("echo_load") + [server.port, str(connections), str(depth), str(messages)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.expect("ready")

    def expect(self, word):
        line = self.process.stdout.readline()
        if not line.startswith(word):
            raise SystemExit(f"bench: echo_load said {line!r} in place of {word}")

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        self.process.communicate("\n", timeout=20)


def cpu_per_message(bench, server, connections, depth, messages):
    load = Load(bench, server, connections, depth, messages)
    before = server.cpu_seconds()
    load.go()
    load.expect("done")
    used = server.cpu_seconds() - before
    load.end()
    return used / messages * 1e9


def bench_echo_live(bench):
    """Server CPU for each message of 64 bytes that is echoed; kernel and user."""
    for connections in (50, 1000):
        for depth in (1, 16):
            name = f"echo.live.c{connections}.d{depth}"
            if not bench.wants(name):
                continue
            messages = 40000 if depth == 1 else 250000
            servers, missing = start_servers(bench)
            runs = {}
            for who, server in servers.items():
                share = messages // 10 if who == "twisted" else messages
                runs[who] = lambda s=server, m=share: cpu_per_message(bench, s, connections, depth, m)
            for who in missing:
                runs[who] = lambda w=who: (_ for _ in ()).throw(Missing(w))
            bench.alternate(name, "ns of server CPU per message", runs, "libevent", "<= 1.05", rounds=11)
            for server in servers.values():
                server.end()


def resident_per_connection(bench, command):
    """Resident memory that 2,000 idle connections add to a server that has seen some."""
    server = Server(command)
    warm = Load(bench, server, 200, 1, 0)
    before = server.resident_bytes()
    idle = Load(bench, server, 2000, 1, 0)
    after = server.resident_bytes()
    for load in (idle, warm):
        load.go()
        load.expect("done")
        load.end()
    server.end()
    return (after - before) / 2000


def bench_memory_live(bench):
    commands = echo_commands(bench)
    runs = {who: lambda c=command: resident_per_connection(bench, c())
            for who, command in commands.items()}
    bench.alternate("memory.live", "resident bytes per idle connection", runs, "libevent", "torc <= 1024")


def bench_deferred(bench):
    def torc():
        return torc_value(bench.program("deferred_bench") + ["1", "1000000"])

    def twisted():
        return float(last_line(twisted_script("peer_twisted_deferred.py") + ["1", "200000"]))

    bench.alternate("deferred", "made, given three callbacks, fired and dropped per second",
                    {"torc": torc, "twisted": twisted}, "twisted", ">= 50")


def bench_echo_sim(bench):
    """Exchanges of 64 bytes between two hosts of a world, 1 ms apart; all connections together."""
    for connections in (1, 50, 1000):
        name = f"echo.sim.c{connections}"
        if not bench.wants(name):
            continue
        arguments = ["echo", str(connections)]
        bench.alternate(name, "exchanges per second", {
            "torc": lambda: torc_value(bench.program("sim_bench") + arguments + ["500000"]),
            "iosim": lambda: float(last_line(
                twisted_script("peer_twisted_iosim.py") + arguments + ["200000"])),
            "turmoil": lambda: json.loads(last_line(
                cargo_program(bench, "peer_turmoil") + [str(connections), "50000"]))["per_second"],
        }, "iosim", ">= 2" if connections == 1 else "shown")


def bench_connect_sim(bench):
    bench.alternate("connect.sim", "connect, one exchange and close per second", {
        "torc": lambda: torc_value(bench.program("sim_bench") + ["connect", "100000"]),
        "iosim": lambda: float(last_line(
            twisted_script("peer_twisted_iosim.py") + ["connect", "30000"])),
    }, "iosim", ">= 2")


def bench_memory_sim(bench):
    bench.alternate("memory.sim", "resident bytes per idle pair", {
        "torc": lambda: torc_value(bench.program("sim_bench") + ["memory", "5000"]),
    }, None, "torc <= 2048")


def bench_db_sim(bench):
    """Insert transactions in WAL mode: SQLite in a job on the simulated disk, and on a file of /dev/shm without
    syncs."""
    def sqlite():
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            return torc_value(bench.program("sim_db") + ["file", "50000", os.path.join(folder, "t.db")])

    for way in ("job", "pool"):
        name = f"db.sim.{way}"
        if bench.wants(name):
            bench.alternate(name, "insert transactions per second", {
                "torc": lambda: torc_value(bench.program("sim_db") + [way, "50000"]),
                "sqlite": sqlite,
            }, "sqlite", "torc >= 10000")


def bench_sim_events(bench):
    """Events that a world dispatches per second of processor time, by what is pending and by what is kept of
    them; see sim_events.c."""
    def measure(kind, pending, trace, events):
        return lambda: torc_value(bench.program("sim_events") + [kind, str(pending), trace, str(events)])

    for kind in ("timers", "streams", "datagrams", "links"):
        for pending, called in ((1000, "1k"), (1000000, "1m")):
            for trace in ("digest", "jsonl") if pending == 1000 else ("digest",):
                name = f"sim.events.{kind}.{called}" + (".jsonl" if trace == "jsonl" else "")
                if not bench.wants(name) or (kind == "links" and pending == 1000):
                    continue
                runs = {"torc": measure(kind, pending, trace, 2000000)}
                if name == "sim.events.timers.1k":
                    runs["twisted"] = lambda: float(last_line(
                        twisted_script("peer_twisted_clock.py") + ["1000", "10000"]))
                limit = 1000000 if trace == "jsonl" else 5000000 if pending == 1000 else 2000000
                bench.alternate(name, "events per second of processor time", runs, "twisted",
                                "shown" if kind == "links" else f"torc >= {limit}")


def bench_sim_scale(bench):
    """1,000 hosts: what 100,000 connections take, and what an event costs, beside 1,000 connections."""
    rates = {1000: [], 100000: []}
    resident = []
    for _ in range(ROUNDS):
        for connections, values in rates.items():
            line = json.loads(last_line(
                bench.program("sim_events") + ["scale", str(connections), "digest", "1000000"]))
            values.append(line["torc"])
        resident.append(line["resident_bytes"])
    few, many = (statistics.median(values) for values in rates.values())
    if bench.wants("sim.scale.memory"):
        bench.report("sim.scale.memory", "MiB, the whole process", {"torc": statistics.median(resident) / 2**20},
                     None, "<= 256", [])
    if bench.wants("sim.scale.event"):
        bench.report("sim.scale.event", "ns per event", {"torc": 1e9 / many, "1000 connections": 1e9 / few},
                     "1000 connections", "flat", [])


def command_figures(bench, arguments, statuses=(0,)):
    """What `torc` says, and the processor time it and its processes took."""
    command = [os.path.join(bench.build, "torc")] + arguments
    if not os.path.exists(command[0]):
        raise Missing("torc")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
                          timeout=120, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in statuses:
        raise SystemExit(f"bench: {' '.join(command)}: exit status {done.returncode}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def explored(bench, scenario, runs, strategy):
    """Runs per second of one core."""
    _, used = command_figures(bench, ["explore", "--jobs", "1", "--seeds", f"1..{runs}", "--strategy", strategy,
                                      scenario])
    return runs / used


def bench_explore_small(bench):
    """explore_small.scn: a module with a database starts and migrates it, a client sends ten lines, one of which
    inserts, all stops; with the draws of the portfolio."""
    scenario = os.path.join(HERE, "explore_small.scn")
    bench.alternate("explore.small", "runs per second of processor time",
                    {"torc": lambda: explored(bench, scenario, 3000, "portfolio")}, None, ">= 3000")


def bench_explore_lease(bench):
    """explore_lease.scn: three hosts with a database each keep a leader on a lossy link for a minute of virtual time."""
    scenario = os.path.join(HERE, "explore_lease.scn")
    bench.alternate("explore.lease", "runs per second of processor time",
                    {"torc": lambda: explored(bench, scenario, 150, "portfolio")}, None, ">= 50")


def bench_trial(bench):
    """A thousand small tests; microseconds for each, of elapsed time on one core."""
    tests = bench.program("trial_small.so")[0]

    def cost(*more):
        began = time.monotonic()
        command_figures(bench, ["trial", tests, "--reporter", "dots"] + list(more))
        return (time.monotonic() - began) * 1e6 / 1000
    for name, more, bar in (("trial.process", ["--in-process"], "< 200"), ("trial.forked", [], "< 4000")):
        if bench.wants(name):
            bench.alternate(name, "us per test", {"torc": lambda: cost(*more)}, None, bar)


def bench_sim_speed(bench):
    """Virtual seconds in one of processor time, whole runs of the idle-timeout scenarios."""
    for scenario, virtual_s in (("line_idle", 9.008), ("kv_idle", 19.002)):
        name = f"sim.speed.{scenario}"
        if bench.wants(name):
            path = os.path.join(HERE, "..", "scenarios", "protocol", scenario + ".scn")
            bench.alternate(name, "virtual seconds per second of processor time", {
                "torc": lambda: explored(bench, path, 10000, "fifo") * virtual_s}, None, ">= 100000")


def swept(bench, arguments, statuses=(0,)):
    """Operations counted, those with a case run for each way of failing, cases, and processor time."""
    out, used = command_figures(bench, ["sweep", "--jobs", "1"] + arguments, statuses)
    classes = re.findall(r"(\d+) operations, +(\d+) cases, +(\d+) run, .* (\d+) left", out)
    operations = reached = cases = 0
    for counted, planned, run, left in classes:
        operations += int(counted)
        cases += int(run)
        if run == planned and left == "0":
            reached += int(counted)
    return operations, reached, cases, used


def fixture_scenarios():
    folder = os.path.join(HERE, "..", "scenarios")
    paths = glob.glob(os.path.join(folder, "**", "*.scn"), recursive=True)
    return sorted(path for path in paths if not path.endswith(os.path.join("db", "tour.scn")))


def bench_sweep_cases(bench):
    """Cases per second of one core: a scenario with small cases, which all live in one process; one with a
    database; and a module of which each case ends its process, so that each takes a fork."""
    def rate(arguments, times=1, statuses=(0,)):
        figures = [swept(bench, arguments, statuses) for _ in range(times)]
        return sum(figure[2] for figure in figures) / sum(figure[3] for figure in figures)

    protocol = os.path.join(HERE, "..", "scenarios", "protocol")
    brittle = ["--modules", os.path.join(bench.build, "bench"), os.path.join(HERE, "brittle.scn")]
    for name, measure, bar in (
            ("sweep.cases.small", lambda: rate([os.path.join(protocol, "courier.scn")], 3), ">= 10000"),
            ("sweep.cases.database", lambda: rate([os.path.join(HERE, "explore_small.scn")]), "shown"),
            ("sweep.cases.forked", lambda: rate(brittle, 1, (1,)), ">= 1500")):
        if bench.wants(name):
            bench.alternate(name, "cases per second of processor time", {"torc": measure}, None, bar)
    if bench.wants("sweep.cases.reached"):
        figures = [swept(bench, [path]) for path in fixture_scenarios()]
        share = 100 * sum(figure[1] for figure in figures) / sum(figure[0] for figure in figures)
        bench.report("sweep.cases.reached", "% of the operations counted in the scenarios that are shipped",
                     {"torc": share}, None, ">= 100", [])


def bench_fault_point(bench):
    def peer():
        return float(last_line(bench.program("peer_libfiu_point")))

    for name in ("mark", "point", "decision"):
        if bench.wants(f"fault.point.{name}"):
            bench.alternate(f"fault.point.{name}", "ns where nobody asks", {
                "torc": lambda: torc_value(bench.program("fault_point") + [name]),
                "libfiu": peer,
            }, "libfiu", "torc <= 1")


class KeyValueServer:
    """A server that speaks the Redis protocol on a port that was free a moment ago."""

    def __init__(self, command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        command = [word.replace("PORT", self.port) for word in command]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", int(self.port))).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.01)
        self.end()
        raise SystemExit(f"bench: {command[0]} does not answer")

    def rates(self, pipeline, requests, more=("-t", "set,get,incr")):
        """Requests per second by command, as redis-benchmark reports them."""
        out = subprocess.run(
            ["redis-benchmark", "-p", self.port, "-c", "50", "-P", str(pipeline), "-n", str(requests),
             *more, "--csv"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, check=True, timeout=120).stdout
        rows = [line.split(",") for line in out.splitlines()]
        return {row[0].strip('"').lower(): float(row[1].strip('"')) for row in rows
                if row[0].strip('"') in ("SET", "GET", "INCR")}

    def end(self):
        end_process(self.process)


def kv_commands(bench):
    torc = os.path.join(bench.build, "torc")
    module = os.path.join(bench.build, "modules", "kv.so")
    return {
        "torc": [torc, "serve", module, "--listen", "tcp:127.0.0.1:PORT"]
                if os.path.exists(torc) and os.path.exists(module) else None,
        "redis": ["redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "",
                  "--appendonly", "no", "--dir", bench.build] if shutil.which("redis-server") else None,
    }


def bench_pool_live(bench):
    """A point select by key, 16 under way: through a pool with two readers, and by SQLite's own calls from
    two threads.  The bar is for the difference."""
    def measure(who, queries):
        return lambda: torc_value(bench.program("pool") + [who, "2", "16", queries])

    bench.alternate("pool.live", "us per query", {
        "torc": measure("torc", "200000"),
        "sqlite": measure("sqlite", "1000000"),
    }, "sqlite", "torc - sqlite <= 15", rounds=7)


def bench_timers(bench):
    """The program holds both sides, takes turns itself and prints whole lines."""
    done = subprocess.run(bench.program("timers_bench") + [str(ROUNDS)], stdout=subprocess.PIPE,
                          text=True, check=True, timeout=240)
    for line in done.stdout.splitlines():
        if bench.wants(json.loads(line)["name"]):
            bench.emit(line)


def compare_servers(bench, commands, name, measured):
    """redis-benchmark, 50 clients, against both servers in turn.  `measured`: (pipeline, requests, what else
    redis-benchmark is told, bar) each."""
    if shutil.which("redis-benchmark") is None:
        print(f"bench: {name} needs redis-benchmark (Debian package redis-tools)", file=sys.stderr)
        return
    missing = {who for who, command in commands.items() if command is None}
    servers = {who: KeyValueServer(command) for who, command in commands.items() if command}
    for pipeline, requests, more, bar in measured:
        if not bench.wants(f"{name}.p{pipeline}"):
            continue
        values = {}
        for turn in range(ROUNDS):
            order = list(servers) if turn % 2 == 0 else list(servers)[::-1]
            for who in order:
                for command, value in servers[who].rates(pipeline, requests, more).items():
                    values.setdefault(command, {}).setdefault(who, []).append(value)
        for command, by_server in values.items():
            medians = {who: statistics.median(by_server[who]) for who in servers}
            bench.report(f"{name}.p{pipeline}.{command}", "requests per second", medians, "redis", bar,
                         missing)
    for server in servers.values():
        server.end()


def bench_kv_live(bench):
    usual = ("-t", "set,get,incr")
    compare_servers(bench, kv_commands(bench), "kv.live",
                    ((1, 50000, usual, ">= 0.8"), (16, 500000, usual, ">= 0.8")))


def bench_kv_db(bench):
    """Both keep what they are told before they answer: the SETs of kv.live, which are to one key, and SETs to
    100,000 keys drawn at random.  The second is the harder one for a tree of pages beside a log."""
    sets = ("-t", "set")
    random_sets = ("-t", "set", "-r", "100000")
    with tempfile.TemporaryDirectory(dir=bench.build) as folder:
        commands = kv_commands(bench)
        if commands["torc"]:
            commands["torc"] += ["--db", os.path.join(folder, "kv.sqlite")]
        if commands["redis"]:
            commands["redis"] = ["redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "",
                                 "--appendonly", "yes", "--appendfsync", "always", "--dir", folder]
        compare_servers(bench, commands, "kv.db",
                        ((1, 50000, sets, None), (16, 500000, sets, ">= 0.5")))
        compare_servers(bench, commands, "kv.db.random",
                        ((1, 50000, random_sets, None), (16, 500000, random_sets, None)))


BENCHES = {
    "echo.live": bench_echo_live,
    "echo.sim": bench_echo_sim,
    "explore.lease": bench_explore_lease,
    "explore.small": bench_explore_small,
    "fault.point": bench_fault_point,
    "connect.sim": bench_connect_sim,
    "db.sim": bench_db_sim,
    "deferred": bench_deferred,
    "kv.db": bench_kv_db,
    "kv.live": bench_kv_live,
    "memory.live": bench_memory_live,
    "memory.sim": bench_memory_sim,
    "pool.live": bench_pool_live,
    "sim.events": bench_sim_events,
    "sim.scale": bench_sim_scale,
    "sim.speed": bench_sim_speed,
    "sweep.cases": bench_sweep_cases,
    "timers": bench_timers,
    "trial": bench_trial,
}


def main():
    parser = argparse.ArgumentParser(description="runs Torc's benchmarks beside its peers")
    parser.add_argument("--build", default="build")
    parser.add_argument("--bars", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    bench = Bench(os.path.abspath(arguments.build), arguments.names)
    chosen = [run for name, run in BENCHES.items() if bench.wants(name)]
    if not chosen:
        sys.exit("bench: no such benchmark; there are " + " ".join(BENCHES))
    many_descriptors()
    others = busy_share(5) if arguments.bars else 0
    for run in chosen:
        try:
            run(bench)
        except Missing as program:
            print(f"bench: {program} is not built", file=sys.stderr)
    if others > BUSY_MAX:
        print(f"bench: others used {100 * others:.0f} % of the processors, so bars say nothing")
        print(f"0 passed, 0 failed, {len(bench.reached) + len(bench.missed)} skipped")
    elif arguments.bars:
        sys.exit(bench.tell_bars())


if __name__ == "__main__":
    main()
