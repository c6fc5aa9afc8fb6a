"""error_path_runs.py - runs programs, scenarios and sweeps, each by itself, and keeps which error paths each took."""
import concurrent.futures
import dataclasses
import functools
import json
import os
import re
import subprocess
import tempfile
import time

import profile_counts

TIME_LIMIT_S = 600
# What in a scenario makes something fail, outside of texts and comments.
FAULTY_LINE = re.compile(r'^\s*(faults|decide|on)\b|\b(fail|crash|kill|cut|loss|corrupt|duplicate|reset|refuse|'
                         r'stall|pause|restart|handles=|memory=|flap|down)\b', re.MULTILINE)
WORDS = re.compile(r'"[^"\n]*"|#.*')
CRASHED = re.compile(r'the run ended its process|Segmentation|SIGSEGV|SIGABRT')
LEAKED = re.compile(r'something leaks|leaks == 0', re.IGNORECASE)


@dataclasses.dataclass
class Run:
    name: str
    kind: str  # test, scenario, sweep
    command: list
    shown: str  # what to type to have it again
    faults: bool
    objects: list  # the files that have the counters' map


def of_program(path, build):
    relative = os.path.relpath(path, build)
    return Run(relative, 'test', [os.path.abspath(path)], f'tests/run {os.path.relpath(path)}',
               relative.endswith(('_oom_test', '_refused_test')), [path])


def from_anywhere(options):
    """Runs are made in a directory of their own: folders stay those of whoever named them."""
    return ['--modules=' + os.path.abspath(o[len('--modules='):]) if o.startswith('--modules=') else o for o in options]


def of_scenario(path, torc, modules, options):
    with open(path, encoding='utf-8') as file:
        faults = bool(FAULTY_LINE.search(WORDS.sub('', file.read())))
    return Run(os.path.relpath(path), 'scenario', [torc, 'run', *from_anywhere(options), os.path.abspath(path)],
               ' '.join([torc, 'run', *options, os.path.relpath(path)]), faults, [torc, *modules])


def of_sweep(path, torc, modules, options, classes, budget):
    arguments = ['sweep', *(['--fault', classes] if classes else []), '--budget', budget]
    return Run(f'sweep {os.path.relpath(path)}', 'sweep',
               [torc, *arguments, *from_anywhere(options), os.path.abspath(path)],
               ' '.join([torc, *arguments, *options, os.path.relpath(path)]), True, [torc, *modules])


def outcome(status, output):
    if status == 0:
        return 'passed'
    if status == 4:
        return 'cut short'
    if status < 0 or status >= 128 or CRASHED.search(output):
        return 'crashed'
    return 'leaked' if LEAKED.search(output) else 'failed'


@functools.lru_cache
def has_counters(path):
    return '__llvm_covmap' in profile_counts.call(['objdump', '-h', path])


def instrumented(objects):
    """Those that have counters; the command may be an installed one without."""
    return [o for o in objects if has_counters(o)]


def perform(run, rows, sources, root):
    """Runs it in a directory of its own; what it did, as it is kept."""
    with tempfile.TemporaryDirectory() as at:
        counters, cwd = os.path.join(at, 'counters'), os.path.join(at, 'cwd')
        os.mkdir(counters)
        os.mkdir(cwd)
        environment = dict(os.environ, LLVM_PROFILE_FILE=os.path.join(counters, profile_counts.PROFILE_PATTERN),
                           CMOCKA_MESSAGE_OUTPUT='TAP')
        began = time.monotonic()
        command = [os.path.abspath(run.command[0]), *run.command[1:]]
        try:
            done = subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, timeout=TIME_LIMIT_S,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            status, output = done.returncode, done.stdout.decode(errors='replace')
        except subprocess.TimeoutExpired as late:
            status, output = 1, f'not over after {late.timeout} s'
        took = time.monotonic() - began
        counts = profile_counts.read(counters, instrumented(run.objects), sources)
    kept = dataclasses.asdict(run)
    del kept['objects'], kept['command']
    kept.update(seconds=round(took, 3), outcome=outcome(status, output), said=output[-2000:] if status else '',
                rows=hits(rows, counts, root), **code(counts, root))
    kept['work'] = sum(kept['rows'].values())
    return kept


def hits(rows, counts, root):
    """{name of a row: how often it ran}, those that ran."""
    found = {}
    for row in rows:
        file = counts.get(os.path.join(root, row.at[0]))
        if file and file.at(row.at[1], row.at[2]) > 0:
            found[row.name] = file.at(row.at[1], row.at[2])
    return found


def code(counts, root):
    """The lines and the decisions of each file, as `known_lines` and `known_decisions`; which ran, as `lines` and
    `decisions`."""
    kept = {'lines': {}, 'decisions': {}, 'known_lines': {}, 'known_decisions': {}}
    for path, file in counts.items():
        with open(path, encoding='utf-8', errors='replace') as source:
            found = {'lines': file.lines(source.read()), 'decisions': file.decisions()}
        for what, ran in found.items():
            kept[what][os.path.relpath(path, root)] = [name for name, did in ran.items() if did]
            kept['known_' + what][os.path.relpath(path, root)] = list(ran)
    return kept


def perform_all(runs, rows, sources, root, directory, jobs, tell):
    """Each run's result goes to a file of its own in `directory`.  Returns the lines and decisions that are known:
    {'lines': {file: list}, 'decisions': ...}."""
    known = {'lines': {}, 'decisions': {}}
    os.makedirs(directory, exist_ok=True)
    for old in os.listdir(directory):
        os.remove(os.path.join(directory, old))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        pending = {pool.submit(perform, run, rows, sources, root): run for run in runs}
        for number, future in enumerate(concurrent.futures.as_completed(pending), 1):
            result = future.result()
            for what, files in known.items():
                files.update(result.pop('known_' + what))
            file = os.path.join(directory, re.sub(r'\W+', '_', result['name']) + '.json')
            with open(file, 'w', encoding='utf-8') as out:
                json.dump(result, out)
            tell(f'{number:4} of {len(runs)}  {result["outcome"]:8} {result["seconds"]:8.1f} s  {result["name"]}')
    return known


def load(directory):
    """The results, by name."""
    results = []
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name), encoding='utf-8') as file:
            results.append(json.load(file))
    return sorted(results, key=lambda r: r['name'])
