"""error_path_runs.py - runs programs, scenarios and sweeps, each by itself, and keeps which error paths each took.  A run that
passed is not made again while nothing it depends on has changed."""
import concurrent.futures
import dataclasses
import functools
import hashlib
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
    depends: list  # files and folders it reads


def of_program(path, build, depends):
    relative = os.path.relpath(path, build)
    return Run(relative, 'test', [os.path.abspath(path)], f'tests/run {os.path.relpath(path)}',
               relative.endswith(('_oom_test', '_refused_test')), [path], depends)


def from_anywhere(options):
    """Runs are made in a directory of their own: folders stay those of whoever named them."""
    return ['--modules=' + os.path.abspath(o[len('--modules='):]) if o.startswith('--modules=') else o for o in options]


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def modules_of(text, modules):
    """Those that a scenario names."""
    names = {os.path.basename(name).removesuffix('.so') for name in re.findall(r'\bmodule=([^\s"]+)', text)}
    return [m for m in modules if os.path.basename(m).removesuffix('.so') in names]


def files_of(text, path):
    """A scenario, and what its words stand for beside it or from here."""
    words = set(re.findall(r'[\w./-]*[./][\w./-]*', text))
    beside = {os.path.join(at, word) for word in words for at in (os.path.dirname(path), '')}
    return [path, *sorted(file for file in beside if os.path.isfile(file))]


def of_scenario(path, torc, modules, options):
    text = read(path)
    faults = bool(FAULTY_LINE.search(WORDS.sub('', text)))
    return Run(os.path.relpath(path), 'scenario', [torc, 'run', *from_anywhere(options), os.path.abspath(path)],
               ' '.join([torc, 'run', *options, os.path.relpath(path)]), faults, [torc, *modules_of(text, modules)],
               files_of(text, path))


def of_sweep(path, torc, modules, options, limits):
    """`limits`: which cases, as options of torc sweep."""
    arguments, text = ['sweep', *limits], read(path)
    return Run(f'sweep {os.path.relpath(path)}', 'sweep',
               [torc, *arguments, *from_anywhere(options), os.path.abspath(path)],
               ' '.join([torc, *arguments, *options, os.path.relpath(path)]), True,
               [torc, *modules_of(text, modules)], files_of(text, path))


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
    del kept['objects'], kept['command'], kept['depends']
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


@functools.lru_cache(maxsize=None)
def digest(path):
    """Of a file, or of all files in a folder."""
    files = [path]
    if os.path.isdir(path):
        files = sorted(os.path.join(at, name) for at, _, names in os.walk(path) for name in names)
    whole = hashlib.sha256()
    for file in files:
        with open(file, 'rb') as content:
            whole.update(hashlib.sha256(content.read()).digest() + file.encode() + b'\0')
    return whole.hexdigest()


def key_of(run, rows, sources):
    """The same while neither the run nor anything it is given has changed, nor what reads the counters."""
    here = os.path.dirname(os.path.abspath(__file__))
    own = [os.path.join(here, name) for name in ('error_path_runs.py', 'profile_counts.py')]
    parts = [run.command, [digest(file) for file in (*run.objects, *run.depends, *sources, *own)],
             [row.name for row in rows]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def file_of(run):
    return re.sub(r'\W+', '_', run.name) + '.json'


def is_kept(run, key, directory):
    path = os.path.join(directory, file_of(run))
    if not os.path.exists(path):
        return False
    kept = json.loads(read(path))
    return kept.get('key') == key and kept['outcome'] == 'passed'


def perform_all(runs, rows, sources, root, directory, jobs, tell, known=None):
    """Each run's result goes to a file of its own in `directory`; one that is there, passed and would be the same is not made
    again.  Returns the lines and decisions that are known, {'lines': {file: list}, 'decisions': ...}; `known` is what it
    returned the last time."""
    os.makedirs(directory, exist_ok=True)
    keys = {run.name: key_of(run, rows, sources) for run in runs}
    kept = {file_of(run) for run in runs if known is not None and is_kept(run, keys[run.name], directory)}
    for old in set(os.listdir(directory)) - kept:
        os.remove(os.path.join(directory, old))
    if kept:
        tell(f'{len(kept)} of {len(runs)} runs are kept: nothing they depend on has changed')
    else:
        known = {'lines': {}, 'decisions': {}}
    runs = [run for run in runs if file_of(run) not in kept]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        pending = {pool.submit(perform, run, rows, sources, root): run for run in runs}
        for number, future in enumerate(concurrent.futures.as_completed(pending), 1):
            run, result = pending[future], future.result()
            result['key'] = keys[run.name]
            for what, files in known.items():
                files.update(result.pop('known_' + what))
            with open(os.path.join(directory, file_of(run)), 'w', encoding='utf-8') as out:
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
