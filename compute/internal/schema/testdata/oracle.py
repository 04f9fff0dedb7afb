"""Ask Nova's own validators: print requests and what Nova says of them.

Usage: oracle.py SEED PER_SCHEMA [changed|all]

With a third argument it asks an unpacked release (see ../data/novaschemas.py) by operation and
microversion: "release", "operation" and "version" replace "schema". changed: only the schemas that
../data/releases.txt has for the release.

One JSON object a line: "schema" (its name in the contract), "relaxed" (legacy
v2), "body" (JSON text) or "query", and "error": null where Nova accepts, its
message where it refuses, "*" where it stumbles over an exception of its own.
For queries "kept" lists the parameters that reach the handler; for relaxed
bodies "after" is the body with what Nova deleted gone.
"""
import copy
import importlib
import inspect
import json
import logging
import os
import pkgutil
import random
import sys
import warnings

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data')
if len(sys.argv) > 3:
    sys.path.insert(0, DATA)
    import novaschemas
    import releases

import webob  # noqa: E402

from nova.api import validation  # noqa: E402
from nova.api.openstack import compute  # noqa: E402
from nova.api.validation import validators  # noqa: E402
from nova import exception  # noqa: E402


def bound(version):
    return 'any' if version.is_null() else version.get_string()


def schemas():
    found = {}
    for mod in pkgutil.iter_modules(compute.__path__):
        module = importlib.import_module(compute.__name__ + '.' + mod.name)
        for cname, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ != module.__name__:
                continue
            for mname, func in inspect.getmembers(cls, inspect.isfunction):
                for kind in ('body', 'query'):
                    holder = getattr(func, 'request_%s_schemas' % kind, None)
                    for schema, lo, hi in getattr(holder, '_schemas', ()):
                        name = '.'.join((mod.name, cname, mname, kind,
                                         bound(lo) + '-' + bound(hi)))
                        # Nova makes this list from a set.
                        if (kind == 'query' and
                                cname in ('ServersController',
                                          'VolumesBootController') and
                                lo.ver_minor >= 73):
                            enum = schema['properties'].get(
                                'sort_key', {}).get('items', {}).get('enum')
                            if enum:
                                enum.sort()
                        found[name] = schema
    return found


ODD = [None, [], {}, True, False, -1, 0, 1, 1.5, 1.0, -0.0, 1e16, 1e-5, 2 ** 31,
       2 ** 70, 1e400, float('nan'), '', ' ', 'x' * 256, 'x' * 300, '\u0000',
       '\u00e9\u2603', "it's", 'a"b', 'a"\'b', 'a\nb', 'name\n', ' lead',
       'trail ', 'a:b', 'a/b', 'a\\b', '\U0001f600', '\ud800', '\xa0x', '\x7f',
       '\xad', '1', '0', '-1', '+1', '01', '1.0', '1_0', ' 1 ', '\u0661', 'inf',
       'nan', '1e3', '99999999999', '9' * 400, '3.5e38', 'None', 'none', 'null',
       'true', 'YES', 'abc', ['a', 'a'], [1, 1.0], [1, True], [[1], [1]],
       ['a', 'b'], [None], [{}, {}], {'a': 1}, {'a': {'b': [None, True]}},
       {'nested': [1, '2']}, 'A' * 63, 'AAAA', 'AAA=', 'AA==', 'A=', 'A',
       '=AAA', 'AA=A', 'A!A\n==', 'h\u00e9', '1.2.3.4', '1.2.3.04', '1.2.3',
       '::', 'fe80::1', 'fe80::1%eth0', '1::2:3:4:5:6:7:8', '::ffff:1.2.3.4',
       '10.0.0.0/24', '2026-01-01T00:00:00Z', '2026-01-01', '2026-02-30',
       '202601', '20260101', '2026', '2026-1-1', '2026-01-01T25:00:00',
       '2026-01-01 10:11:12.5+0530', '2026-01-01T10:11:12,123456789-25:00',
       '2026-01-01T10Z\n', '0000-01-01', '2026-01-01T10:11:60Z',
       '11111111-2222-3333-4444-555555555555',
       '11111111222233334444555555555555', '{11111111-2222-3333-4444-5555555555AB}',
       'urn:uuid:11111111-2222-3333-4444-555555555555',
       '11111111-2222-3333-4444-55555555555', '11111111-2222-3333-4444-55555555555g',
       'enabled', 'disabled', 'network-vif-plugged', 'completed', 'affinity',
       '/dev/vda', '/dev/xvdb1', 'auto', 'qcow2', 'volume', 'a.b-c', '_x', '-']

REGEX = ['a', '', '(', ')', 'a)', '[', '[]', '[]]', '[^]', '[^]]', '[a-', '[z-a]',
         '[a-\\d]', '[\\d-a]', '*', 'a**', 'a*?', 'a*+', 'a+*', 'a{2}{3}', 'a{2',
         'a{,3}', 'a{3,2}', 'a{}', '{', '{2}', 'x{9999999999}', '^*', '$+', '(?:^)*',
         '\\', 'a\\', '\\\\', '\\q', '\\_', '\\1', '(a)\\1', '(a\\1)', '\\01',
         '\\8', '(a)\\10', '\\400', '\\377', '\\x4', '\\x41', '\\u12', '\\u1234',
         '\\U00110000', '\\U0010ffff', '\\N{}', '\\N{EM DASH}', '(?P<a>b)',
         '(?P<a>b)(?P<a>c)', '(?P<1>b)', '(?P=a)', '(?P<a>b)(?P=a)', '(?P>a)',
         '(?P', '(?', '(?:a', '(?#a)', '(?#a', '(?#a\\)b)', '(?=a)', '(?!a)*',
         '(?<=a)', '(?<=a*)', '(?<=a|bc)', '(?<=ab|cd)', '(?<!a{2,3})', '(?<a)',
         '(?<=(a)\\1)', '(a)(?<=\\1)', '(a*)(?<=\\1)', '(?>a)', '(?i)a', 'a(?i)',
         '(?i:a)', '(?i-s:a)', '(?-i:a)', '(?-:a)', '(?i-i:a)', '(?L)a', '(?au)a',
         '(?a-u:b)', '(?-u:b)', '(?t)a', '(?t:a)', '(?z)', '(?i', '(?i-', '(?x) a # (',
         '(?x)a #\n(', '(?x:#)\n)', '(?(1)a)', '(a)(?(1)b|c)', '(a)(?(1)b|c|d)',
         '(?(2)a)(b)', '(?(0)a)', '(?(x)a)', '(?P<x>a)(?(x)b)', 'a|*', '|', '()*',
         'a||b', '\\A*', '\\b+', '[\\b]', '[\\B]', '[\\8]', '[\\777]', '[--a]',
         '[a-b-c]', '[[a]', '[a&&b]', '.*', '.+?', 'a{2,}?', 'test*', '%', '\ud800',
         '(((((((((((a)))))))))))\\11', '(?s:.)', '\\Z', '\\z', 'a{1}{', '(?:a{2})*',
         '((?:a))*?', '(?=a){2}', 'a{2,3}+', 'a{2,3}++', '(?<=^a)', '(?<=\\b)a']


class Maker(object):
    def __init__(self, rng):
        self.rng = rng

    def sample(self, s):
        rng = self.rng
        if not isinstance(s, dict):
            return {}
        if 'enum' in s:
            return rng.choice(s['enum'])
        for k in ('oneOf', 'anyOf', 'allOf'):
            if k in s and 'properties' not in s:
                return self.sample({**{a: b for a, b in s.items() if a != k},
                                    **rng.choice(s[k])})
        t = s.get('type', 'object' if 'properties' in s else 'string')
        if isinstance(t, list):
            t = rng.choice(t)
        if t == 'object':
            need = s.get('required', [])
            props = s.get('properties', {})
            out = {k: self.sample(v) for k, v in props.items()
                   if k in need or rng.random() < 0.4}
            for pat, sub in s.get('patternProperties', {}).items():
                for key in rng.sample(['key', 'a:b', '_x', 'property-1',
                                       'hw:cpu', 'a b', 'bad!', ''], 2):
                    if rng.random() < 0.6:
                        out[key] = self.sample(sub)
            if rng.random() < 0.2:
                items = list(out.items())
                rng.shuffle(items)
                out = dict(items)
            return out
        if t == 'array':
            n = max(s.get('minItems', 0), rng.choice([0, 1, 1, 1, 2]))
            if s.get('maxItems') is not None:
                n = min(n, s['maxItems'])
            if 'prefixItems' in s:
                return [self.sample(x) for x in s['prefixItems']]
            return [self.sample(s.get('items', {})) for _ in range(n)]
        if t in ('integer', 'number'):
            return max(1, s.get('minimum', 1))
        if t == 'boolean':
            return True
        if t == 'null':
            return None
        f = s.get('format')
        if f == 'regex':
            return rng.choice(REGEX)
        if f == 'uuid':
            return '11111111-2222-3333-4444-555555555555'
        if f == 'date-time':
            return '2026-01-01T00:00:00Z'
        if f == 'ipv4':
            return '10.1.2.3'
        if f == 'ipv6':
            return 'fe80::1'
        if f == 'base64':
            return 'QUJD'
        p = s.get('pattern', '')
        if p.startswith('^[0-9]') or p.startswith('^-?[0-9]'):
            return '1'
        if p.startswith('^/[0-9'):
            return '/0a'
        if p.startswith('(^/dev'):
            return '/dev/vdb'
        if s.get('maxLength') == 0:
            return ''
        return 'abc'[:s.get('maxLength', 3)]

    def spots(self, v):
        out = []

        def walk(x):
            if isinstance(x, dict):
                for k in list(x):
                    out.append((x, k))
                    walk(x[k])
            elif isinstance(x, list):
                for i in range(len(x)):
                    out.append((x, i))
                    walk(x[i])
        walk(v)
        return out

    def spoil(self, v):
        rng = self.rng
        spots = self.spots(v)
        if not spots or rng.random() < 0.03:
            return copy.deepcopy(rng.choice(ODD))
        parent, key = rng.choice(spots)
        kind = rng.randrange(8)
        if kind == 0:
            del parent[key]
        elif kind == 1:
            where = rng.choice([p for p, _ in spots if isinstance(p, dict)] or [{}])
            for extra in rng.sample(['not_a_property', "o'k", 'z\u00e9', '', 'A', '_y'],
                                    rng.choice([1, 1, 2])):
                where[extra] = rng.choice(['x', None, 1])
        elif kind == 2:
            parent[key] = [parent[key], copy.deepcopy(parent[key])]
        elif kind == 3 and isinstance(parent, list):
            parent.extend(copy.deepcopy(parent))
        else:
            parent[key] = copy.deepcopy(rng.choice(ODD))
        return v


def text(v, rng):
    out = json.dumps(v, ensure_ascii=rng.random() < 0.9)
    try:
        out.encode('utf-8')
    except UnicodeEncodeError:
        out = json.dumps(v)
    return out


def quote(s):
    from urllib import parse
    return parse.quote_plus(s.encode('utf-8', 'surrogatepass'))


class Request(object):
    def __init__(self, query):
        self.GET = webob.Request.blank('/?' + query).GET


def ask(schema, value, relaxed, body):
    try:
        validators._SchemaValidator(schema, relaxed, body).validate(value)
    except exception.ValidationError as err:
        return err.format_message()
    except Exception:
        return '*'


def changed():
    """Return {(operation, microversion)} of the schemas in releases.txt for this release."""
    found = set()
    for line in open(os.path.join(DATA, 'releases.txt'), encoding='utf-8'):
        if line[0] != '@':
            continue
        majors, operation, v, text = line[1:].split('\t')
        first, last = majors.split('-')
        if int(first) <= novaschemas.MAJOR <= int(last) and text[0] == '{' and not text.startswith('{"#":6}'):
            found.add((operation, int(v)))
    return found


def of_release():
    """Return [(what to print, schema)] of this release."""
    newest = releases.Newest(os.path.join(DATA, 'schemas.txt'))
    wanted = changed() if sys.argv[3] == 'changed' else None
    merged = {}
    for name, spans in novaschemas.schemas().items():
        merged.setdefault(releases.plain(name), []).extend(spans)
    out = []
    for name, spans in sorted(merged.items()):
        operation = newest.contract.get(name)
        if operation is None or operation.startswith('volumes_boot.'):
            continue
        last = None
        for v in range(0, novaschemas.NEWEST + 1):
            schema = novaschemas.effective(spans, v)
            if schema is not None and schema is not last and (wanted is None or (operation, v) in wanted):
                out.append(({'release': novaschemas.MAJOR, 'operation': operation, 'version': v},
                            releases.repaired(schema)))
            last = schema
    return out


def main():
    seed, per = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    make = Maker(rng)
    if len(sys.argv) > 3:
        cases = of_release()
    else:
        cases = [({'schema': name}, schema) for name, schema in sorted(schemas().items())]
    for head, schema in cases:
        body = '.body' in head.get('schema', head.get('operation'))
        for i in range(per):
            v = make.sample(schema)
            for _ in range(rng.choice([0, 1, 1, 1, 2])):
                v = make.spoil(v)
            relaxed = rng.random() < 0.3
            if head.get('version') == 0:
                relaxed = True
            elif 'version' in head:
                relaxed = False
            out = dict(head, relaxed=relaxed)
            if body:
                out['body'] = text(v, rng)
                value = json.loads(out['body'])
                out['error'] = ask(schema, value, out['relaxed'], True)
                if out['relaxed']:
                    out['after'] = json.dumps(value)
            else:
                parts = []
                if isinstance(v, dict):
                    for k, vals in v.items():
                        for x in vals if isinstance(vals, list) else [vals]:
                            parts.append(quote(k) + '=' + quote(
                                x if isinstance(x, str) else str(x)))
                if rng.random() < 0.1:
                    parts.append(rng.choice(['a', '=', 'b=%zz', 'c=%ff', '%c3%a9=1',
                                             'limit', '_z=1', 'x=1;y=2', '']))
                out['query'] = '&'.join(parts)
                try:
                    req = Request(out['query'])
                    value = req.GET.dict_of_lists()
                except UnicodeDecodeError:
                    out['error'] = 'Query string is not UTF-8 encoded'
                else:
                    out['error'] = ask(schema, value, out['relaxed'], False)
                    if out['error'] is None and 'properties' in schema:
                        validation._strip_additional_query_parameters(schema, req)
                        out['kept'] = sorted(set(req.GET.keys()))
            print(json.dumps(out))


if __name__ == '__main__':
    main()
