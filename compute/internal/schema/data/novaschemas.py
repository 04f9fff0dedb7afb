"""The request schemas of an unpacked release of Nova.

The folder with the package `nova` of the release comes first in PYTHONPATH, as in
    PYTHONPATH=/tmp/rel/31.3.1 $LAB_VENV/bin/python releases.py ...
The libraries may be newer than the release, see standin.py.
"""
import importlib
import inspect
import os
import pkgutil
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 4, 'internal', 'release', 'testdata'))
import standin  # noqa: E402, F401
from nova.api import validation  # noqa: E402


def record(decorator, kind):
    """Return the decorator of Nova that also notes its schema at the function."""
    def recording(schema, min_version=None, max_version=None, *args, **kwargs):
        decorate = decorator(schema, min_version, max_version, *args, **kwargs)

        def wrap(func):
            wrapped = decorate(func)
            noted = getattr(func, 'noted', ())
            wrapped.noted = noted + ((kind, schema, min_version, max_version),)
            return wrapped
        return wrap
    return recording


validation.schema = record(validation.schema, 'body')
validation.query_schema = record(validation.query_schema, 'query')

from nova.api.openstack import api_version_request  # noqa: E402
from nova.api.openstack import compute  # noqa: E402
from nova import version  # noqa: E402

VERSION = version.version_string()
MAJOR = int(VERSION.split('.')[0])
NEWEST = int(api_version_request._MAX_API_VERSION.split('.')[1])


def minor(text):
    return None if text is None else int(text.split('.')[1])


def methods(cls):
    """Yield name, function and the microversions that it is called for, None where unbounded."""
    versioned = {}
    for base in reversed(cls.__mro__):
        versioned.update(base.__dict__.get('versioned_methods', {}))
    own = {name: f for name, f in vars(cls).items() if inspect.isfunction(f)}
    for name, functions in versioned.items():
        own.pop(name, None)
        for m in functions:
            if m.func.__module__ == cls.__module__:
                end = None if m.end_version.is_null() else m.end_version.ver_minor
                yield name, m.func, m.start_version.ver_minor, end
    for name, func in own.items():
        yield name, func, None, None


def tidy(schema, contract, lo):
    """Sort the lists of sort keys, which Nova makes from sets since 2.73."""
    if '.query' in contract and contract.split('.')[1] in ('ServersController', 'VolumesBootController') and (lo or 0) >= 73:
        enum = schema.get('properties', {}).get('sort_key', {}).get('items', {}).get('enum')
        if enum:
            enum.sort()
    return schema


def schemas():
    """Return {"module.Class.method.kind": [(first, last, schema)]}, the bounds as in methods.

    A schema is asked for a version if its own bounds and those of the method admit it. For
    legacy v2, the version 0 here, its first version has to be None or 2.0, and the method has
    to serve 2.1.
    """
    found = {}
    for mod in pkgutil.iter_modules(compute.__path__):
        module = importlib.import_module(compute.__name__ + '.' + mod.name)
        for cname, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ != module.__name__:
                continue
            for mname, func, first, last in methods(cls):
                for kind, schema, lo, hi in getattr(func, 'noted', ()):
                    name = '.'.join((mod.name, cname, mname, kind))
                    found.setdefault(name, []).append(
                        (minor(lo), minor(hi), first, last, tidy(schema, name, minor(lo))))
    return found


def effective(spans, v):
    """Return the schema of a microversion, 0 for legacy v2, or None."""
    for lo, hi, first, last, schema in spans:
        at = v or 1
        if (first is not None and at < first) or (last is not None and at > last):
            continue
        if v == 0:
            if lo is None or lo == 0:
                return schema
        elif (lo is None or v >= lo) and (hi is None or v <= hi):
            return schema
    return None
