"""Write the facts about a release of Nova that tests compare this program with.

Usage: PYTHONPATH=PACKAGE python facts.py > facts-2025.1.json

PACKAGE is the folder with the unpacked wheel of the release, which also has its api-paste.ini. The
libraries come from any virtual environment with Nova; they may be newer, see standin.py. Classes
of objects are those that objects.go names, options those that package config names.
"""
import configparser
import glob
import importlib
import inspect
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, HERE)
import standin  # noqa: E402, F401

from oslo_config import cfg  # noqa: E402

import nova  # noqa: E402
import nova.conf  # noqa: E402
from nova import objects  # noqa: E402
from nova import policies  # noqa: E402
from nova import version  # noqa: E402
from nova.api.metadata import base as metadata  # noqa: E402
from nova.api.openstack import api_version_request  # noqa: E402
from nova.api.openstack.compute import routes  # noqa: E402
from nova.api.validation.extra_specs import validators  # noqa: E402
from nova.notifications.objects import base as notifications  # noqa: E402, F401
from nova.objects import base  # noqa: E402
from nova.objects import service  # noqa: E402

ROOT = os.path.dirname(nova.__file__)
LIBRARIES = ('cache', 'key_manager', 'barbican', 'barbican_service_user', 'vault')  # groups with options of libraries


def head(database):
    """Return the newest revision of the migrations of a database."""
    ups, downs = set(), set()
    for path in glob.glob(os.path.join(ROOT, 'db', database, 'migrations', 'versions', '*.py')):
        text = open(path).read()
        ups.add(re.search(r"^revision = '(\w+)'", text, re.M).group(1))
        downs.update(re.findall(r"^down_revision = '(\w+)'", text, re.M))
    newest, = ups - downs
    return newest


def target(module, cls):
    return getattr(importlib.import_module(module), cls).target.version


def classes():
    objects.register_all()
    found = {name: versions[0] for name, versions in base.NovaObjectRegistry.obj_classes().items()}
    for path in sorted(glob.glob(os.path.join(ROOT, 'notifications', 'objects', '*.py'))):
        module = importlib.import_module('nova.notifications.objects.' + os.path.basename(path)[:-3])
        for cls in vars(module).values():  # they are registered when notifications are sent
            if inspect.isclass(cls) and cls.__module__ == module.__name__:
                found[cls.__name__] = cls
    known = set(re.findall(r'^\t"(\w+)":', open(os.path.join(HERE, '..', 'objects.go')).read(), re.M))
    return {name: {'version': cls.VERSION, 'fields': sorted(cls.fields)} for name, cls in found.items() if name in known}


def policy(rule):
    old = rule.deprecated_rule
    return {'name': rule.name, 'check': rule.check_str, 'scopes': list(rule.scope_types or []),
            'old': None if old is None else {'name': old.name, 'check': old.check_str,
                                             'since': old.deprecated_since or ''},
            'removal': (rule.deprecated_since or '') if rule.deprecated_for_removal else ''}


def extra_specs():
    """Return the extra specs by name, without those that other libraries and hosts name."""
    out = {}
    for name, v in validators.VALIDATORS.items():
        if name.split(':')[0].split('{')[0] in ('trait', 'resources', 'capabilities'):
            continue
        value = {k: x for k, x in v.value.items() if k in ('min', 'max', 'pattern', 'enum')}
        if 'enum' in value:
            value['enum'] = list(value['enum'])
        out[name] = dict(value, type=v.value['type'].__name__)
    return out


def image_properties():
    """Return the fields of ImageMetaProps: the class, and the values of enumerations."""
    out = {}
    for name, field in objects.ImageMetaProps.fields.items():
        kind = getattr(field, 'AUTO_TYPE', None) or getattr(field, '_type', None)
        values = getattr(kind, 'valid_values', None) or getattr(field, 'ALL', None) or getattr(kind, 'ALL', None)
        if type(field).__name__ == 'VIFModelField':
            values = kind.ALL if hasattr(kind, 'ALL') else values
        out[name] = {'type': type(field).__name__, 'values': list(values) if values else []}
    return out


def paste():
    """Return the sections of api-paste.ini."""
    path, = glob.glob(os.path.join(ROOT, '..', 'nova-*.data', 'data', 'etc', 'nova', 'api-paste.ini'))
    ini = configparser.RawConfigParser(strict=False)
    ini.optionxform = str
    ini.read(path)
    return {section: dict(ini.items(section)) for section in ini.sections()}


def options():
    """Return the default and the former names of the options that Nova itself declares."""
    known = set()
    for path in glob.glob(os.path.join(HERE, '..', '..', '..', 'config', '*.go')):
        known.update(re.findall(r'opt:"(\w+)"', open(path).read()))
    declared = set()
    for name, module in list(sys.modules.items()):
        if name.startswith('nova.conf.'):
            for value in vars(module).values():
                for opt in value if isinstance(value, (list, tuple)) else [value]:
                    if isinstance(opt, cfg.Opt):
                        declared.add(opt.dest)
    out = {}
    for group, opts in [('DEFAULT', nova.conf.CONF._opts)] + [(n, g._opts) for n, g in nova.conf.CONF._groups.items()]:
        for info in opts.values():
            opt = info['opt']
            if opt.dest not in declared or opt.dest not in known or group in LIBRARIES:
                continue
            default = opt.default if opt.sample_default is None else opt.sample_default
            old = sorted('%s/%s' % (o.group or group, o.name or opt.name) for o in opt.deprecated_opts)
            out['%s/%s' % (group, opt.name)] = {'default': default, 'old': old}
    return out


def route_list():
    out = []
    for path, methods in ((r[0], r[1]) for r in routes.ROUTE_LIST):
        if not isinstance(methods, str):  # a redirection of the URL map
            out.extend('%s %s' % (m, re.sub(r'\{[^}]*\}', '{}', path)) for m in methods)
    return sorted(set(out))


def main():
    oldest = service.OLDEST_SUPPORTED_SERVICE_VERSION
    facts = {
        'version': version.version_string(),
        'microversion': int(api_version_request._MAX_API_VERSION.split('.')[1]),
        'service': service.SERVICE_VERSION,
        'oldest_compute': service.SERVICE_VERSION_ALIASES[oldest],
        'oldest_compute_name': oldest,
        'heads': {d: head(d) for d in ('api', 'main')},
        'rpc': {'compute': target('nova.compute.manager', 'ComputeManager'),
                'conductor': target('nova.conductor.manager', 'ComputeTaskManager'),
                'scheduler': target('nova.scheduler.manager', 'SchedulerManager')},
        'metadata': {'openstack': list(metadata.OPENSTACK_VERSIONS), 'ec2': list(metadata.VERSIONS)},
        'objects': classes(),
        'policies': [policy(r) for r in policies.list_rules()],
        'paste': paste(),
        'options': options(),
        'extra_specs': extra_specs(),
        'image_properties': image_properties(),
        'routes': route_list(),
    }
    # one line for each entry, so that differences between releases are readable
    print('{')
    for n, (name, value) in enumerate(facts.items()):
        end = '' if n == len(facts) - 1 else ','
        if isinstance(value, dict) and len(value) > 3:
            lines = ['%s: %s' % (json.dumps(k), json.dumps(v)) for k, v in sorted(value.items())]
            print('"%s": {\n%s\n}%s' % (name, ',\n'.join(lines), end))
        elif isinstance(value, list) and len(value) > 20:
            print('"%s": [\n%s\n]%s' % (name, ',\n'.join(json.dumps(v) for v in value), end))
        else:
            print('"%s": %s%s' % (name, json.dumps(value), end))
    print('}')


main()
