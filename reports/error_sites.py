"""error_sites.py - the error paths of C sources, read from clang's syntax tree: what is known before anything has run.

A row is a place where something goes wrong or is told that it did:

    raise    a failure is made: torc_failure_new, torc_failure_of_code, torc_failure_static, torc_fail, ...; also
             the call of a function of the same file that does nothing but return errors
    return   an error is returned: a TORC_E... code, the variable that was just found to hold one, NULL or false
             when memory was refused
    code     a TORC_E... code is stored or handed on
    goto     a jump to the undoing of what was done, out of a check
    check    the arm of `if (result.kind == TORC_RESULT_FAILURE)`
    errback  a function that is given failures: torc_deferred_add, _add_errback, _add_both
    timeout  torc_deferred_add_timeout
    fault    the simulator asks whether an operation fails
    mark     TORC_REACHABLE, TORC_SOMETIMES

Asserting marks (TORC_UNREACHABLE, TORC_ALWAYS) are rows that are excluded, and so is each row beside or below
the comment `no error path: REASON`."""
import dataclasses
import os
import re

from clang import cindex

Kind = cindex.CursorKind

RAISERS = re.compile(r'^torc_(fail|failure_(new|new_detailed|of_code)(_at)?|failure_static|failure_no_memory)$')
TRANSLATORS = re.compile(r'(_error|_misuse|_refuse)$')
CODES = re.compile(r'^TORC_E[A-Z0-9]+$')
ALLOCATORS = re.compile(r'alloc|strdup|(_pool_get|_copy|_new)$')
FAULTS = re.compile(r'^torci_(decide\w*|draw_next|draw_counted|fault\w*)$')
UNDOING = re.compile(r'fail|err|bad|undo|abort|^no_|^not_')
ADDERS = {'torc_deferred_add': 2, 'torc_deferred_add_errback': 1, 'torc_deferred_add_both': 1}
EXCLUSION = re.compile(r'/\*\s*no error path:\s*(.*?)\s*\*/')
TRANSPARENT = (Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR, Kind.CSTYLE_CAST_EXPR)


class SourceError(Exception):
    """What cannot be read, with its place."""


@dataclasses.dataclass
class Row:
    file: str
    line: int
    column: int
    function: str
    kind: str
    text: str
    at: tuple  # (file, line, column) whose count says how often it ran
    first: int  # the lines of the function
    last: int
    excluded: str = ''

    @property
    def name(self):
        return f'{self.file}:{self.line}:{self.column}:{self.kind}'


def children(node):
    return list(node.get_children())


def strip(node):
    """The expression below parentheses and casts."""
    while node.kind in TRANSPARENT:
        below = [c for c in node.get_children() if c.kind.is_expression()]
        if len(below) != 1:
            break
        node = below[0]
    return node


class Source:
    """One file: its syntax tree, its text, its rows."""

    def __init__(self, path, flags, root):
        self.path = path
        self.relative = os.path.relpath(path, root)
        self.root = root
        with open(path, 'rb') as file:
            self.bytes = file.read()
        self.lines = self.bytes.decode(errors='replace').split('\n')
        unit = cindex.Index.create().parse(path, args=flags)
        errors = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if errors:
            raise SourceError(f'{errors[0].location.file}:{errors[0].location.line}: {errors[0].spelling}\n'
                              f'    while reading {self.relative}; what its compiler is told goes behind "--"')
        self.functions = [f for f in unit.cursor.get_children()
                          if f.kind == Kind.FUNCTION_DECL and f.is_definition()
                          and f.location.file and f.location.file.name == path]
        self.unit = unit  # the cursors live in it
        self.raisers = set()
        self.rows = []

    def text_between(self, first, second):
        return self.bytes[first.extent.end.offset:second.extent.start.offset].decode(errors='replace').strip()

    def token_at(self, node):
        return re.match(rb'\w*', self.bytes[node.location.offset:]).group().decode()

    def operator(self, node):
        left, right = children(node)
        return self.text_between(left, right).strip('() \n')

    # --- what an expression is ---------------------------------------------------------------------

    def is_zero(self, node):
        node = strip(node)
        return self.token_at(node) in ('NULL', '0')

    def is_code(self, node):
        return node.kind == Kind.DECL_REF_EXPR and node.referenced is not None and \
            node.referenced.kind == Kind.ENUM_CONSTANT_DECL and CODES.match(node.spelling)

    def is_raise(self, node):
        if node.kind != Kind.CALL_EXPR:
            return False
        return bool(RAISERS.match(node.spelling)) or node.spelling in self.raisers or \
            bool(TRANSLATORS.search(node.spelling)) and node.type.get_canonical().spelling == 'int'

    @staticmethod
    def holds_errors(node):
        """A variable of a type that errors come in: int, an enum, a failure."""
        if node.kind != Kind.DECL_REF_EXPR or node.referenced is None or \
                node.referenced.kind not in (Kind.VAR_DECL, Kind.PARM_DECL):
            return False
        kind = node.type.get_canonical()
        return kind.spelling == 'int' or kind.kind == cindex.TypeKind.ENUM or kind.spelling == 'struct torc_failure *'

    def found_wrong(self, condition, refused):
        """The variables that hold an error when `condition` is true; '*' for a call's result, '!' for memory refused."""
        node = strip(condition)
        if self.holds_errors(node):
            return {node.spelling}
        if node.kind == Kind.UNARY_OPERATOR:
            below = strip(children(node)[0])
            negated = self.bytes[node.extent.start.offset:node.extent.start.offset + 1] == b'!'
            return {'!'} if negated and self.is_refused(below, refused) else set()
        if node.kind != Kind.BINARY_OPERATOR:
            return set()
        left, right = (strip(c) for c in children(node))
        operator = self.operator(node)
        if operator in ('||', '&&'):
            return self.found_wrong(left, refused) | self.found_wrong(right, refused)
        if operator == '==' and self.is_zero(right) and self.is_refused(left, refused):
            return {'!'}
        if operator in ('!=', '<') and self.is_zero(right):
            if left.kind == Kind.BINARY_OPERATOR and self.operator(left) == '=':
                left = strip(children(left)[0])
            if self.holds_errors(left):
                return {left.spelling}
            if left.kind == Kind.CALL_EXPR and left.type.get_canonical().spelling == 'int':
                return {'*'}
        return set()

    def is_refused(self, node, refused):
        if node.kind == Kind.BINARY_OPERATOR and self.operator(node) == '=':
            return self.is_allocation(strip(children(node)[1]))
        if node.kind == Kind.DECL_REF_EXPR:
            return node.spelling in refused
        return self.is_allocation(node)

    @staticmethod
    def is_allocation(node):
        return node.kind == Kind.CALL_EXPR and bool(ALLOCATORS.search(node.spelling)) and \
            node.type.get_canonical().kind == cindex.TypeKind.POINTER

    def allocated(self, function):
        """The variables of `function` that are given memory somewhere."""
        names = set()
        for node in function.walk_preorder():
            if node.kind == Kind.VAR_DECL:
                if any(self.is_allocation(strip(c)) for c in node.get_children() if c.kind.is_expression()):
                    names.add(node.spelling)
            elif node.kind == Kind.BINARY_OPERATOR and len(children(node)) == 2:
                left, right = (strip(c) for c in children(node))
                if left.kind == Kind.DECL_REF_EXPR and self.is_allocation(right) and self.operator(node) == '=':
                    names.add(left.spelling)
        return names

    # --- functions that only return errors ----------------------------------------------------------

    def find_raisers(self):
        before = None
        while before != self.raisers:
            before = set(self.raisers)
            for function in self.functions:
                if self.only_returns_errors(function):
                    self.raisers.add(function.spelling)

    def only_returns_errors(self, function):
        values = [children(n) for n in function.walk_preorder() if n.kind == Kind.RETURN_STMT]
        values = [strip(v[0]) for v in values if v]
        return bool(values) and all(self.is_code(v) or self.is_raise(v) for v in values)

    # --- rows ---------------------------------------------------------------------------------------

    def extract(self):
        self.find_raisers()
        for function in self.functions:
            walk = Walk(self, function)
            for child in function.get_children():
                if child.kind == Kind.COMPOUND_STMT:
                    walk.visit(child, Place())
        return self.rows

    def add(self, node, function, kind, at=None, excluded=''):
        line, column = node.location.line, node.location.column
        row = Row(self.relative, line, column, function.spelling, kind, self.lines[line - 1].strip(),
                  at or (self.relative, line, column), function.extent.start.line, function.extent.end.line,
                  excluded or self.exclusion(line))
        if all(other.name != row.name for other in self.rows):
            self.rows.append(row)

    def exclusion(self, line):
        """The reason beside the line or in the comment right above it."""
        for number in (line, line - 1):
            text = self.lines[number - 1] if number > 0 else ''
            found = EXCLUSION.search(text)
            if found and (number == line or text.strip().startswith('/*')):
                if not found.group(1):
                    raise SourceError(f'{self.relative}:{number}: "no error path:" without a reason')
                return found.group(1)
        return ''


@dataclasses.dataclass(frozen=True)
class Place:
    """Where in a function the walk is: the errors that are known to be there, and what the node is part of."""
    wrong: frozenset = frozenset()
    returns: bool = False
    compared: bool = False


class Walk:
    """Goes through one function and adds the rows it meets."""

    def __init__(self, source, function):
        self.source = source
        self.function = function
        self.refused = source.allocated(function)

    def add(self, node, kind, **more):
        self.source.add(node, self.function, kind, **more)

    def visit_all(self, nodes, place):
        for node in nodes:
            self.visit(node, place)

    def visit(self, node, place):
        special = {Kind.IF_STMT: self.visit_if, Kind.CONDITIONAL_OPERATOR: self.visit_conditional,
                   Kind.RETURN_STMT: self.visit_return, Kind.GOTO_STMT: self.visit_goto,
                   Kind.CALL_EXPR: self.visit_call, Kind.BINARY_OPERATOR: self.visit_binary,
                   Kind.CASE_STMT: self.visit_case, Kind.VAR_DECL: self.visit_variable,
                   Kind.DECL_REF_EXPR: self.visit_reference}.get(node.kind)
        if special:
            special(node, place)
        else:
            self.visit_all(node.get_children(), place)

    def visit_if(self, node, place):
        condition, then, *otherwise = children(node)
        self.visit(condition, dataclasses.replace(place, compared=False, returns=False))
        if tests_for_failure(self.source, condition):
            self.add(first_statement(then), 'check')
        wrong = self.source.found_wrong(condition, self.refused)
        self.visit(then, dataclasses.replace(place, wrong=place.wrong | wrong))
        self.visit_all(otherwise, place)

    def visit_conditional(self, node, place):
        condition, then, otherwise = children(node)
        self.visit(condition, dataclasses.replace(place, compared=False, returns=False))
        wrong = self.source.found_wrong(condition, self.refused)
        inner = dataclasses.replace(place, wrong=place.wrong | wrong)
        if place.returns and strip(then).kind == Kind.DECL_REF_EXPR and strip(then).spelling in wrong:
            self.add(strip(then), 'return')
        self.visit(then, inner)
        self.visit(otherwise, place)

    def visit_return(self, node, place):
        below = children(node)
        if not below:
            return
        value = strip(below[0])
        if value.kind == Kind.DECL_REF_EXPR and value.spelling in place.wrong:
            self.add(value, 'return')
        elif '!' in place.wrong and (self.source.is_zero(value) or self.source.token_at(value) == 'false'):
            self.add(node, 'return')
        elif place.wrong and value.kind == Kind.UNARY_OPERATOR and strip(children(value)[0]).kind == Kind.INTEGER_LITERAL:
            self.add(node, 'return')
        else:
            self.visit(below[0], dataclasses.replace(place, returns=True))

    def visit_goto(self, node, place):
        labels = [c.spelling for c in node.get_children() if c.kind == Kind.LABEL_REF]
        if place.wrong or any(UNDOING.search(label) for label in labels):
            self.add(node, 'goto')

    def visit_call(self, node, place):
        name, arguments = node.spelling, list(node.get_arguments())
        plain = dataclasses.replace(place, compared=False, returns=False)
        if self.source.is_raise(node):
            if not place.compared:
                self.add(node, 'raise')
            return
        if name in ADDERS and ADDERS[name] < len(arguments):
            self.visit_errback(node, strip(arguments[ADDERS[name]]))
        elif name == 'torc_deferred_add_timeout':
            self.add(node, 'timeout')
        elif FAULTS.match(name):
            self.add(node, 'fault')
        elif name == 'torc_mark_hit':
            asserting = self.source.token_at(node) in ('TORC_UNREACHABLE', 'TORC_ALWAYS')
            self.add(node, 'mark', excluded='assertion' if asserting else '')
        self.visit_all(arguments, plain)

    def visit_errback(self, node, handler):
        if self.source.is_zero(handler):
            return
        at = None
        if handler.kind == Kind.UNARY_OPERATOR:
            handler = strip(children(handler)[0])
        if handler.kind == Kind.DECL_REF_EXPR and handler.referenced is not None:
            at = self.source_position(handler.referenced.get_definition())
        self.add(node, 'errback', at=at)

    def source_position(self, function):
        """Where the failure arm of a handler begins, or its body if it has none."""
        if function is None or function.kind != Kind.FUNCTION_DECL:
            return None
        place = None
        for node in function.walk_preorder():
            if node.kind == Kind.COMPOUND_STMT and place is None:
                place = node.location
            elif node.kind == Kind.IF_STMT and tests_for_failure(self.source, children(node)[0]):
                place = first_statement(children(node)[1]).location
                break
        file = os.path.relpath(place.file.name, self.source.root)
        return (file, place.line, place.column)

    def visit_binary(self, node, place):
        below = children(node)
        compares = len(below) == 2 and self.source.operator(node) in ('==', '!=', '<', '>', '<=', '>=')
        self.visit_all(below, dataclasses.replace(place, compared=compares))

    def visit_case(self, node, place):
        self.visit_all(children(node)[1:], place)

    def visit_variable(self, node, place):
        """A default is no path: `int code = TORC_EINVAL;`."""
        self.visit_all([c for c in node.get_children() if not self.source.is_code(strip(c))], place)

    def visit_reference(self, node, place):
        if self.source.is_code(node) and not place.compared:
            self.add(node, 'return' if place.returns else 'code')


def first_statement(node):
    below = children(node)
    return below[0] if node.kind == Kind.COMPOUND_STMT and below else node


def tests_for_failure(source, condition):
    node = strip(condition)
    if node.kind != Kind.BINARY_OPERATOR:
        return False
    left, right = (strip(c) for c in children(node))
    if source.operator(node) == '&&':
        return tests_for_failure(source, left) or tests_for_failure(source, right)
    return source.operator(node) == '==' and right.kind == Kind.DECL_REF_EXPR and \
        right.spelling == 'TORC_RESULT_FAILURE'


def extract(paths, flags, root):
    """The rows of the files `paths`, in their order; names are relative to `root`."""
    rows = []
    for path in paths:
        rows += Source(os.path.abspath(path), flags, root).extract()
    return rows
