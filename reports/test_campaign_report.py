"""The page on campaigns: what stands on it, and its pictures."""
import html.parser
import json
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import campaign_data
import campaign_plots
import campaign_report
import campaign_timeline
import tap
from test_campaign_data import Results

EVIL = '<script>alert(1)</script>"\'&'
TRACE = '''{"n":1,"t":0,"host":"srv","k":"start","number":1}
{"n":2,"t":1000,"host":"cli","k":"tx","conn":1,"data":"<script>"}
{"n":3,"t":2000,"host":"srv","k":"decide","cause":2,"site":"read.short","k":4,"value":1}
{"n":4,"t":2000,"host":"srv","k":"rx","cause":2,"conn":1,"data":"<s"}
{"n":5,"t":2000,"host":"srv","k":"timer"}
{"n":6,"t":3000,"k":"property","line":"end expect x == 1","held":0}
'''


class Tags(html.parser.HTMLParser):
    """That each is closed in its order, and which there were."""

    VOID = ('meta', 'br', 'rect', 'path', 'circle')

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.wrong = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag not in self.VOID or tag == 'rect':
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


class CampaignReport(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def report(self, fill, title=''):
        results = Results(os.path.join(self.folder.name, f'{len(os.listdir(self.folder.name))}.db'))
        self.addCleanup(results.database.close)
        fill(results)
        return campaign_report.Report(title, campaign_data.groups_of(campaign_data.read_files([results.path])))

    def failing(self, text='why'):
        return self.report(lambda r: r.campaign(asked=[(1, 9, 1, 0)], scenario=f'{text}.scn', settings=text).mark(0, text)
                           .run(1).behaviour(5, 1).run(2, 'fail', identity='x', message=text)
                           .found(2, 'fail', 'x', sentence=text, scenario=f'scn 1\n# {text}\n', trace=TRACE), title=text)

    def test_what_comes_from_the_data_is_escaped(self):
        page = self.failing(EVIL).html()
        self.assertNotIn('<script', page)
        self.assertIn('&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;', page)

    def test_the_page_is_one_file_that_needs_no_other_and_no_script(self):
        page = self.failing().html()
        self.assertIsNone(re.search(r'\bsrc=|url\(|@import|<script|<link|https?:', page))
        self.assertEqual(re.findall(r'href="(?!#)', page), [])

    def test_its_tags_are_closed_in_order(self):
        many = self.report(lambda r: [r.campaign(i, settings=str(i)).run(1, ident=i) for i in range(1, 7)])
        for report in (self.failing(), many):
            tags = Tags(report.html())
            self.assertEqual((tags.open, tags.wrong), ([], []))

    def test_the_verdict_comes_first_with_what_reproduces_it(self):
        page = self.failing().html()
        places = [page.index(text) for text in ('1 of 2 runs failed, in 1 way', 'torc run --seed 2', '>Failures<', 'scn 1\n',
                                                'Runs and outcomes', 'What was run', 'Coverage', 'Time', 'Marks', 'Left out')]
        self.assertEqual(places, sorted(places))

    def test_of_many_campaigns_only_the_first_is_unfolded_and_only_if_it_failed(self):
        page = self.report(lambda r: [r.campaign(i, settings=str(i)).run(1, 'fail' if i == 4 else 'pass', i, identity='x')
                                      for i in range(1, 7)])
        self.assertEqual(page.headline, '6 campaigns, 6 runs: 1 failed, 5 passed')
        text = page.html()
        self.assertEqual((text.count('<details open>'), text.count('<details>')), (1, 5))
        self.assertLess(text.index('badge failed'), text.index('<details open>'))
        passed = self.report(lambda r: [r.campaign(i, settings=str(i)).run(1, ident=i) for i in range(1, 3)])
        self.assertNotIn('<details open>', passed.html())
        self.assertLess(text.index('badge failed'), text.index('badge passed'))

    def test_without_campaigns_that_is_said(self):
        report = self.report(lambda r: None)
        self.assertEqual(report.headline, 'there are no campaigns')
        self.assertIn(report.headline, report.html())

    def test_a_campaign_without_runs_is_told(self):
        for asked in ([], [(1, 9, 1, 0)]):
            report = self.report(lambda r: r.campaign(asked=asked))
            self.assertIn('nothing was run', report.html())

    def test_the_json_has_the_same_figures(self):
        read = json.loads(json.dumps(self.failing().as_json()))
        campaign, = read['campaigns']
        self.assertEqual((read['state'], read['failed'], campaign['left_out'], campaign['behaviours']), ('failed', 1, 7, 1))
        self.assertEqual(campaign['failures'][0]['reproduce'], 'torc run --seed 2 --strategy pct why.scn')
        self.assertEqual(campaign['matrix'], {campaign_file(campaign): {'pass': 1, 'fail': 1, 'left out': 0},
                                              'left out': {'pass': 0, 'fail': 0, 'left out': 7},
                                              'all': {'pass': 1, 'fail': 1, 'left out': 7}})

    # --- the timeline -------------------------------------------------------------------------------

    def test_hosts_are_side_by_side_and_the_scenario_last(self):
        self.assertEqual(campaign_timeline.Timeline(TRACE).lanes, ['srv', 'cli', ''])

    def test_what_nobody_looks_at_is_not_shown(self):
        self.assertEqual([e.kind for e in campaign_timeline.Timeline(TRACE).events], ['start', 'tx', 'decide', 'rx', 'property'])

    def test_an_arrow_leads_from_host_to_host(self):
        arrows = campaign_timeline.Timeline(TRACE).arrows()
        self.assertEqual(len(arrows), 2)
        self.assertTrue(arrows[1].startswith('M33 36C'))

    def test_a_decision_tells_its_question_and_a_property_that_it_does_not_hold(self):
        events = campaign_timeline.Timeline(TRACE).events
        self.assertEqual([events[2].text, events[2].kind], ['read.short 4 = 1', 'decide'])
        self.assertEqual([events[4].text, events[4].group], ['does not hold: end expect x == 1', 'bad'])

    def test_of_a_long_trace_the_beginning_and_the_end_are_shown(self):
        lines = [f'{{"n":{n},"t":{n},"host":"a","k":"tx","conn":1}}' for n in range(1, 501)]
        line = campaign_timeline.Timeline('\n'.join(lines))
        self.assertEqual((len(line.events), line.left_out, line.cut), (90, 410, False))
        self.assertEqual((line.events[24].n, line.events[25].n, line.events[-1].n), (25, 436, 500))
        self.assertEqual(line.y(25) - line.y(24), 2 * campaign_timeline.ROW)
        self.assertTrue(campaign_timeline.Timeline('\n'.join(lines[100:])).cut)

    def test_a_line_that_is_cut_is_left_out(self):
        self.assertEqual(len(campaign_timeline.read('{"n":1,"k":"tx"}\n{"n":2,"k"')), 1)

    # --- plots --------------------------------------------------------------------------------------

    def test_each_number_is_in_one_bin_of_the_strip(self):
        runs = [(n, 'bad' if n % 7 == 0 else 'good') for n in range(1, 1000) if n % 3]
        strip = campaign_plots.Strip(runs, [(n, n) for n in range(3, 1000, 3)] + [(1000, 5000)])
        total = {kind: sum(c[kind] for _, _, c in strip.counts) for kind in strip.KINDS}
        self.assertEqual((total['bad'] + total['good'], total['left'], strip.first, strip.last), (666, 333 + 4001, 1, 5000))
        self.assertTrue(all(0 <= y and y + h <= 100.1 for _, y, _, h, _, _ in strip.rects()))

    def test_one_failure_among_thousands_is_seen(self):
        strip = campaign_plots.Strip([(n, 'bad' if n == 5000 else 'good') for n in range(1, 10001)], [])
        self.assertEqual([h for _, _, _, h, kind, _ in strip.rects() if kind == 'bad'], [12])

    def test_the_growth_goes_from_the_ground_to_the_end(self):
        growth = campaign_plots.Growth([(1, 10), (4, 16)], 8, [3])
        self.assertEqual(growth.line(), 'M0 100H125.0V40.0H500.0V4.0H1000')
        self.assertEqual((growth.half_at, growth.last_new, growth.ticks()), (1, 4, 'M375 100V91'))

    def test_every_value_is_in_a_bar_of_the_histogram(self):
        for values in ([5], [7, 7, 7], list(range(1, 2000))):
            histogram = campaign_plots.Histogram(values)
            self.assertTrue(histogram.bars)
            self.assertAlmostEqual(max(h for _, _, _, h in histogram.bars), 100)
        self.assertEqual((histogram.quantile(0.5), histogram.quantile(1)), (1000, 1999))

    def test_durations_are_told_with_three_digits(self):
        self.assertEqual([campaign_plots.duration(n) for n in (7, 1234, 56_700_000, 3_000_000_000)],
                         ['7 ns', '1.23 µs', '56.7 ms', '3 s'])


def campaign_file(campaign):
    return next(name for name in campaign['matrix'] if name.endswith('.db'))


if __name__ == '__main__':
    tap.main()
