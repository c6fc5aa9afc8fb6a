"""code_coverage.py - lines and decisions, and which run reached a line, from what error_path_runs.py keeps."""
import collections
import os
import xml.etree.ElementTree as xml


class Covered:
    """Lines that ran and outcomes of conditions that occurred, of those that are known."""

    def __init__(self, name):
        self.name = name
        self.known = {'lines': 0, 'decisions': 0}
        self.ran = {'lines': 0, 'decisions': 0}

    def percent(self, what):
        return 100 * self.ran[what] / self.known[what] if self.known[what] else 100.0

    def as_json(self):
        return {'name': self.name, **{what: {'known': self.known[what], 'ran': self.ran[what],
                                             'percent': round(self.percent(what), 1)} for what in self.known}}


class Coverage:
    """`known`: {'lines': {file: list}, 'decisions': {file: list}}."""

    def __init__(self, known, results):
        self.known = known
        self.results = results
        self.ran = {what: collections.defaultdict(set) for what in known}
        for result in results:
            for what, files in self.ran.items():
                for file, names in result[what].items():
                    files[file].update(names)

    def of(self, prefix):
        whole = Covered(prefix)
        for what, files in self.known.items():
            for file, names in files.items():
                if file.startswith(prefix):
                    whole.known[what] += len(names)
                    whole.ran[what] += len(self.ran[what][file].intersection(names))
        return whole

    def folders(self):
        """The folder with the fewest of its lines first."""
        names = {os.path.dirname(file) + '/' for file in self.known['lines']}
        return sorted((self.of(name) for name in names), key=lambda c: (c.percent('lines'), c.name))

    def files(self):
        return sorted((self.of(file) for file in self.known['lines']), key=lambda c: (c.percent('lines'), c.name))

    def never(self, file):
        """The lines of a file that no run reached."""
        return sorted(set(self.known['lines'][file]) - self.ran['lines'][file])

    def who(self, file, line):
        """The runs that reached the line, the one that runs the fewest lines first."""
        reached = [r for r in self.results if line in r['lines'].get(file, ())]
        return sorted(reached, key=work)

    def changed(self, changed):
        """Of {file: lines}: how many are known, and those of them that never ran, as (file, line)."""
        count, never = 0, []
        for file in sorted(changed):
            known = changed[file].intersection(self.known['lines'].get(file, ()))
            count += len(known)
            never += [(file, line) for line in sorted(known - self.ran['lines'][file])]
        return count, never

    def write_cobertura(self, path):
        whole = self.of('')
        root = xml.Element('coverage', {'line-rate': rate(whole, 'lines'), 'branch-rate': rate(whole, 'decisions'),
                                        'lines-covered': str(whole.ran['lines']),
                                        'lines-valid': str(whole.known['lines']),
                                        'branches-covered': str(whole.ran['decisions']),
                                        'branches-valid': str(whole.known['decisions']),
                                        'complexity': '0', 'version': '1', 'timestamp': '0'})
        xml.SubElement(xml.SubElement(root, 'sources'), 'source').text = '.'
        packages = xml.SubElement(root, 'packages')
        hits = collections.Counter((file, line) for r in self.results for file, lines in r['lines'].items()
                                   for line in lines)
        for folder in self.folders():
            package = xml.SubElement(packages, 'package', {'name': folder.name, 'complexity': '0',
                                                           'line-rate': rate(folder, 'lines'),
                                                           'branch-rate': rate(folder, 'decisions')})
            classes = xml.SubElement(package, 'classes')
            for file in sorted(f for f in self.known['lines'] if os.path.dirname(f) + '/' == folder.name):
                of_file = self.of(file)
                each = xml.SubElement(classes, 'class', {'name': os.path.basename(file), 'filename': file,
                                                         'complexity': '0', 'line-rate': rate(of_file, 'lines'),
                                                         'branch-rate': rate(of_file, 'decisions')})
                xml.SubElement(each, 'methods')
                lines = xml.SubElement(each, 'lines')
                for line in self.known['lines'][file]:
                    xml.SubElement(lines, 'line', {'number': str(line), 'hits': str(hits[file, line])})
        tree = xml.ElementTree(root)
        xml.indent(tree)
        tree.write(path, encoding='utf-8', xml_declaration=True)


def work(run):
    return sum(len(lines) for lines in run['lines'].values()), run['name']


def rate(covered, what):
    return f'{covered.percent(what) / 100:.4f}'
