"""Loads paste files with the real PasteDeploy and stand-in factories.

Reads [{"file": path, "name": app}, ...] from stdin and writes one JSON object
a line: {"tree": ...}, {"error": text} or {"odd": text} for files that
PasteDeploy accepts but gives no usable application for.
"""
import json
import sys
import types
from importlib import metadata

from paste import urlmap
from paste.deploy import loadwsgi


def built(key, global_conf, local_conf, **more):
    return dict(factory=key, **{'global': dict(global_conf), 'local': local_conf}, **more)


def app(key):
    return lambda g, /, **local: built(key, g, local)


def filter_(key):
    def factory(g, /, **local):
        return lambda wrapped: built(key, g, local, app=wrapped)
    return factory


def wrap(key):
    return lambda wrapped, g, /, **local: built(key, g, local, app=wrapped)


def map_(key):
    def factory(loader, g, /, **local):
        apps = {}
        for at in sorted(local):
            if at != 'not_found_app':
                urlmap.URLMap().normalize_url(urlmap.parse_path_expression(at))
            apps[at] = loader.get_app(local[at], global_conf=g)
        return built(key, g, local, **({'apps': apps} if apps else {}))
    return factory


def pipeline(key):
    def factory(loader, g, /, **local):
        at = 'keystone' if 'keystone' in local else 'default'
        names = local[at].split()
        filters = [loader.get_filter(n) for n in names[:-1]]
        result = loader.get_app(names[-1])
        for f in reversed(filters):
            result = f(result)
        return built(key, g, local, apps={at: result})
    return factory


stand = types.ModuleType('stand')
for n, make in {'app': app, 'filter': filter_, 'wrap': wrap, 'map': map_, 'pipeline': pipeline}.items():
    setattr(stand, n, make('stand:' + n))
stand.Class = types.SimpleNamespace(factory=filter_('stand:Class.factory'))
sys.modules['stand'] = stand


class Entry:
    def __init__(self, group, name, make):
        self.group, self.name, self.make = group, name, make

    def load(self):
        return self.make('Stand#' + self.name)


class Stand:
    entry_points = [
        Entry('paste.app_factory', 'main', app), Entry('paste.app_factory', 'app', app),
        Entry('paste.filter_factory', 'filter', filter_), Entry('paste.filter_app_factory', 'wrap', wrap),
        Entry('paste.composite_factory', 'map', map_), Entry('paste.composite_factory', 'pipeline', pipeline),
        Entry('paste.app_factory', 'both', app), Entry('paste.filter_factory', 'both', filter_),
    ]


def distribution(name):
    if name.lower() != 'stand':
        raise metadata.PackageNotFoundError(name)
    return Stand


loadwsgi.importlib_metadata = types.SimpleNamespace(EntryPoint=metadata.EntryPoint, distribution=distribution)
for case in json.load(sys.stdin):
    try:
        tree = loadwsgi.loadapp('config:' + case['file'], name=case['name'])
        try:
            out = json.dumps({'tree': tree})
        except TypeError as e:
            out = json.dumps({'odd': str(e)})
    except RecursionError:
        out = json.dumps({'error': 'recursion'})
    except Exception as e:
        out = json.dumps({'error': '%s: %s' % (type(e).__name__, e)})
    print(out, flush=True)
