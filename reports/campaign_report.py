"""campaign_report.py - the page on campaigns: what of campaign_data.py goes where on it."""
import collections
import os

import jinja2

import campaign_plots
import campaign_timeline

STATES = {'differs': 'not deterministic', 'failed': 'failed', 'incomplete': 'not complete', 'unmet': 'not met',
          'passed': 'passed'}
WORST = ('differs', 'failed', 'incomplete', 'unmet', 'passed')
TONES = {'pass': 'good', 'unmet': 'good', 'skipped': 'aside', 'left out': 'left'}
SHOWN_MAX = 12   # of failures and of gaps of one group
OPEN_MAX = 3     # so many groups are shown unfolded


class Page:
    """A group with its pictures."""

    def __init__(self, group, number, folder):
        self.group, self.ident = group, f'g{number}'
        self.title = f'{group.command} {group.scenario.removeprefix(folder)}'
        self.columns, self.rows = group.matrix()
        failed = [place for place, (campaign, run) in enumerate(group.runs, 1) if campaign.failed(run)]
        self.growth = campaign_plots.Growth(group.growth(), len(group.runs), failed)
        self.real = campaign_plots.Histogram(group.times('real_ns'))
        self.virtual = campaign_plots.Histogram(group.times('t_ns'))
        self.events = sum(run['events'] for _, run in group.runs)
        self.strips = [(campaign, strip_of(group, campaign)) for campaign in group.campaigns
                       if len(campaign.runs) > 1 or campaign.left_out()]
        self.marks = group.marks()
        self.marks_never = sum(runs == 0 for _, runs, _ in self.marks)
        self.failures = group.failures[:SHOWN_MAX]
        self.failures_more = group.failures[SHOWN_MAX:]
        self.timelines = {id(f): campaign_timeline.Timeline(f.trace) for f in self.failures if f.trace}
        self.left = group.left[:SHOWN_MAX]
        self.left_more = len(group.left) - len(self.left)

    @property
    def sentence(self):
        group, count = self.group, len(self.group.runs)
        if group.failed:
            kinds = len(group.failures)
            return f'{number(group.failed)} of {plural(count, "run")} failed, in {plural(kinds, "way")}'
        if group.differ:
            return f'{plural(len(group.differ), "run")} came out in two ways'
        if not count:
            return 'nothing was run'
        if group.state == 'unmet':
            return ('every run was set aside' if group.skipped == count else
                    f'a `sometimes` was true, or a `when` fired, in none of {plural(count, "run")}')
        return f'none of {plural(count, "run")} failed'

    def timeline(self, failure):
        return self.timelines.get(id(failure))


def common_folder(paths):
    """Of absolute paths, what need not be said of each; or nothing."""
    if len(set(paths)) < 2 or not all(os.path.isabs(path) for path in paths):
        return ''
    return os.path.commonpath([os.path.dirname(path) for path in paths]).rstrip('/') + '/'


def strip_of(group, campaign):
    runs = sorted((run['number'], 'bad' if campaign.failed(run) else 'aside' if run['verdict'] == 'skipped' else 'good')
                  for run in campaign.runs.values())
    return campaign_plots.Strip(runs, campaign.left_out())


class Report:
    def __init__(self, title, groups):
        ordered = sorted(groups, key=lambda g: WORST.index(g.state))
        folder = common_folder([group.scenario for group in groups])
        self.pages = [Page(group, i, folder) for i, group in enumerate(ordered, 1)]
        self.title = title or 'Campaign report'
        self.runs = sum(len(g.runs) for g in groups)
        self.failed = sum(g.failed for g in groups)
        self.kinds = sum(len(g.failures) for g in groups)
        self.skipped = sum(g.skipped for g in groups)
        self.left = sum(g.left_count for g in groups)
        self.differ = sum(len(g.differ) for g in groups)
        self.events = sum(p.events for p in self.pages)
        self.real_ns = sum(p.real.total for p in self.pages)
        self.states = collections.Counter(g.state for g in groups)
        self.state = next((state for state in WORST if self.states[state]), 'unmet')

    @property
    def headline(self):
        if not self.pages:
            return 'there are no campaigns'
        if len(self.pages) == 1:
            return f'{self.pages[0].title}: {self.pages[0].sentence}'
        parts = [f'{self.states[state]} {STATES[state]}' for state in WORST if self.states[state]]
        return f'{plural(len(self.pages), "campaign")}, {plural(self.runs, "run")}: {", ".join(parts)}'

    @property
    def unfolded(self):
        return len(self.pages) <= OPEN_MAX

    def as_json(self):
        return {'title': self.title, 'state': self.state, 'headline': self.headline, 'runs': self.runs,
                'failed': self.failed, 'skipped': self.skipped, 'left_out': self.left, 'different': self.differ,
                'campaigns': [page.group.as_json() for page in self.pages]}

    def html(self):
        here = os.path.dirname(os.path.abspath(__file__))
        environment = jinja2.Environment(loader=jinja2.FileSystemLoader(here), autoescape=True, trim_blocks=True,
                                         lstrip_blocks=True, undefined=jinja2.StrictUndefined)
        environment.filters.update(duration=campaign_plots.duration, number=number, plural=plural, seconds=seconds)
        environment.globals.update(STATES=STATES, tone=lambda verdict: TONES.get(verdict, 'bad'))
        return environment.get_template('campaign.html.j2').render(report=self)

    def write_html(self, path):
        write_whole(path, self.html())


def write_whole(path, text):
    """All of it or nothing, in place of what is there.  What is no file, /dev/stdout say, is written to as it is."""
    whole = os.path.isfile(path) or not os.path.exists(path)
    target = f'{os.path.realpath(path)}.{os.getpid()}' if whole else path
    try:
        with open(target, 'w', encoding='utf-8', errors='replace') as out:
            out.write(text)
        if whole:
            os.replace(target, os.path.realpath(path))
    except OSError as wrong:
        if whole and os.path.exists(target):
            os.remove(target)
        raise OSError(wrong.errno, wrong.strerror, path) from None


def number(value):
    """12345 as '12 345', with thin spaces."""
    return f'{value:,}'.replace(',', '\u202f')


def plural(count, what):
    return f'{number(count)} {what}' + ('' if count == 1 else 's')


def seconds(t_ns):
    """A time of a trace."""
    return f'{t_ns / 1e9:.6f}'
