"""Write releases.txt: how the request schemas of older releases differ from schemas.txt.

Usage:
    PYTHONPATH=PACKAGE python releases.py dump > DUMP    once for each release, see novaschemas.py
    python releases.py write DUMP... > releases.txt      with the dumps of all releases

The lines of releases.txt, after a comment:
    =n<TAB>pattern, +n<TAB>part            as in schemas.txt, numbered on from there
    !29-31<TAB>operation operation ...     operations that these releases check with no schema
    @29-31<TAB>operation<TAB>57<TAB>schema a schema of an operation from microversion 2.57 on (0 is
                                           legacy v2); =name is one of schemas.txt, - is none
Each operation is named in one kind of line only, and then with all its schemas.
"""
import collections
import json
import os
import re
import sys


def compact(v):
    return json.dumps(v, separators=(',', ':'), ensure_ascii=False)


def repaired(schema):
    """Return a schema without the keywords that 2024.1 has among the properties by mistake.

    They check nothing; a body with a member of such a name fails in Nova with 500, and so does
    one without the required members, which are checked here.
    """
    properties = (schema or {}).get('properties', {})
    if all(isinstance(v, dict) for v in properties.values()):
        return schema
    keywords = {'type', 'properties', 'required', 'additionalProperties', 'anyOf'}
    schema = dict(schema, properties={k: v for k, v in properties.items() if k not in keywords})
    if isinstance(properties.get('required'), list):
        schema['required'] = properties['required']
    return schema


# MOVED has the controllers, and the beginnings and ends of methods, that 2025.2 gave other names.
MOVED = (('flavor_manage.FlavorManageController.', 'flavors.FlavorsController.'),
         ('volumes.SnapshotController.', 'snapshots.SnapshotController.'),
         ('volumes.VolumeAttachmentController.', 'volume_attachments.VolumeAttachmentController.'),
         ('servers.ServersController._action_', 'servers.ServersController.'),
         ('servers.ServersController._start_server.', 'servers.ServersController.start.'),
         ('servers.ServersController._stop_server.', 'servers.ServersController.stop.'))


def plain(operation):
    """Return the name of an operation without what differs between releases."""
    for old, new in MOVED:
        operation = operation.replace(old, new)
    module, cls, method, kind = operation.split('.')
    return '.'.join((module, cls, method.lstrip('_'), kind))


def dump():
    import novaschemas
    found = {}
    for name, spans in novaschemas.schemas().items():
        found.setdefault(plain(name), []).extend(spans)
    out = {}
    for name, spans in found.items():
        steps, last = [], ()
        for v in range(0, novaschemas.NEWEST + 1):
            schema = novaschemas.effective(spans, v)
            served = any((first is None or first <= (v or 1)) and (end is None or (v or 1) <= end)
                         for _, _, first, end, _ in spans)
            if (schema, served) != last:
                steps.append((v, served, repaired(schema)))
            last = (schema, served)
        out[name] = steps
    json.dump({'major': novaschemas.MAJOR, 'newest': novaschemas.NEWEST, 'schemas': out}, sys.stdout)


class Newest:
    """schemas.txt."""

    def __init__(self, path):
        self.patterns, self.parts, self.names, self.contract = [], [], {}, {}
        for line in open(path, encoding='utf-8'):
            line = line.rstrip('\n')
            key, _, rest = line.partition('\t')
            if line.startswith('#'):
                continue
            if key.startswith('='):
                self.patterns.append(json.loads(rest))
            elif key.startswith('+'):
                self.parts.append(self.expand(json.loads(rest)))
            else:
                contract, _, body = rest.partition('\t')
                # the microversions are "any-any", "2.1-any" or "2.1-2.57"
                operation, lo, hi = re.match(r'(.*)\.(any|2\.\d+)-(any|2\.\d+)$', contract).groups()
                operation = plain(operation)
                self.names[key] = (operation, lo, hi, self.expand(json.loads(body)))
                self.contract[operation] = re.sub(r'\.2\.\d+$', '', key)

    def expand(self, v):
        if isinstance(v, dict):
            if list(v) == ['#']:
                return self.parts[v['#']]
            return {k: self.patterns[int(x[1:])] if k == 'pattern' and isinstance(x, str) and x[:1] == '#'
                    else self.expand(x) for k, x in v.items()}
        if isinstance(v, list):
            return [self.expand(x) for x in v]
        return v

    def at(self, operation, v):
        """Return name and schema of a microversion."""
        for name, (of, lo, hi, schema) in self.names.items():
            if of != operation:
                continue
            first = None if lo == 'any' else int(lo[2:])
            last = None if hi == 'any' else int(hi[2:])
            if v == 0:
                if not first:
                    return name, schema
            elif (first is None or v >= first) and (last is None or v <= last):
                return name, schema
        return None, None


def short(operation):
    module, _, method, kind = operation.split('.')
    return '.'.join((module, method.lstrip('_'), kind))


SUBSCHEMAS = ('properties', 'patternProperties')
LISTS = ('oneOf', 'anyOf', 'allOf', 'prefixItems')


def parts_of(schema):
    """Yield a schema and all schemas in it."""
    yield schema
    for k, v in schema.items():
        if k in SUBSCHEMAS:
            for sub in v.values():
                yield from parts_of(sub)
        elif k in LISTS or (k == 'items' and isinstance(v, list)):
            for sub in v:
                yield from parts_of(sub)
        elif k == 'items':
            yield from parts_of(v)


class Writer:
    def __init__(self, newest, schemas):
        self.patterns = {p: n for n, p in enumerate(newest.patterns)}
        self.parts = {compact(p): n for n, p in enumerate(newest.parts)}
        self.lines = []
        count = collections.Counter()
        distinct = {compact(s): s for s in schemas}
        for text, s in sorted(distinct.items()):
            count.update({compact(p) for p in parts_of(s)})
        self.often = {t for t, n in count.items() if n > 1 and len(t) > 60}

    def ref(self, schema):
        text = compact(schema)
        if text not in self.parts and text in self.often:
            inner = self.inner(schema)
            self.parts[text] = len(self.parts)
            self.lines.append('+%d\t%s' % (self.parts[text], inner))
        if text in self.parts:
            return {'#': self.parts[text]}
        return json.loads(self.inner(schema))

    def inner(self, schema):
        out = {}
        for k, v in schema.items():
            if k in SUBSCHEMAS:
                v = {name: self.ref(sub) for name, sub in v.items()}
            elif k in LISTS or (k == 'items' and isinstance(v, list)):
                v = [self.ref(sub) for sub in v]
            elif k == 'items':
                v = self.ref(v)
            elif k == 'pattern' and v in self.patterns:
                v = '#%d' % self.patterns[v]
            out[k] = v
        return compact(out)


# BY_CODE has the operations whose bodies 2024.1 and 2024.2 check in code and not by a schema. The
# schemas of later releases reject the same, with other words.
BY_CODE = ('security_groups.', 'floating_ips.create.')


def by_code(operation, release):
    return operation.startswith(BY_CODE) and operation.endswith('.body') and release['major'] < 31


def changes(newest, release):
    """Return {operation: ((microversion, name or None, schema), ...)} of those that differ."""
    out = {}
    for operation in sorted(set(newest.contract) | set(release['schemas'])):
        if operation.startswith('volumes_boot.'):
            continue  # its rows have the schemas of servers
        if by_code(operation, release):
            continue
        spans, differs, last = [], False, ()
        for v in range(0, release['newest'] + 1):
            served, schema = True, None
            for first, is_served, s in release['schemas'].get(operation, ()):
                if first <= v:
                    served, schema = is_served, s
            name, ours = newest.at(operation, v)
            same = not served or compact(schema) == compact(ours)
            differs = differs or not same
            if same:
                schema = ours
            now = (name if same else None, compact(schema))
            if now != last:
                spans.append((v, now[0] if schema is not None else None, schema))
            last = now
        if differs:
            out[newest.contract.get(operation) or short(operation)] = spans
    return out


def until(spans, newest):
    return [(v, name, compact(s)) for v, name, s in spans if v <= newest]


def write(paths):
    newest = Newest(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'schemas.txt'))
    releases = sorted((json.load(open(p)) for p in paths), key=lambda r: r['major'])
    rows = []  # [first major, last major, operation, spans]
    latest = {}
    for r in releases:
        for operation, spans in changes(newest, r).items():
            row = latest.get(operation)
            if row and row[1] == r['major'] - 1 and until(spans, row[4]) == until(row[3], row[4]):
                row[1], row[3], row[4] = r['major'], spans, r['newest']
                continue
            latest[operation] = [r['major'], r['major'], operation, spans, r['newest']]
            rows.append(latest[operation])
    rows.sort(key=lambda row: (row[2], row[0]))
    w = Writer(newest, [s for row in rows for _, name, s in row[3] if s is not None and name is None])
    without, lines = collections.defaultdict(list), []
    for first, last, operation, spans, _ in rows:
        span = '%d-%d' % (first, last)
        if all(s is None for _, _, s in spans):
            without[span].append(operation)
            continue
        for v, name, s in spans:
            text = '-' if s is None else '=' + name if name else compact(w.ref(s))
            lines.append('@%s\t%s\t%d\t%s' % (span, operation, v, text))
    print('# How the request schemas of releases before the one of schemas.txt differ; releases.py writes this file.')
    for line in w.lines:
        print(line)
    for span, operations in sorted(without.items()):
        print('!%s\t%s' % (span, ' '.join(operations)))
    for line in lines:
        print(line)
    unknown = {o for r in releases for o in r['schemas'] if o not in newest.contract}
    if unknown:
        print('not in schemas.txt: %s' % ' '.join(sorted(unknown)), file=sys.stderr)


if __name__ == '__main__':
    dump() if sys.argv[1] == 'dump' else write(sys.argv[2:])
