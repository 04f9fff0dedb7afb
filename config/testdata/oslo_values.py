"""Reads configurations with oslo.config as nova-api does.

Standard input: {"options": [[group, name], ...], "cases": [{"files": [...],
"env": {...}}, ...]}. Standard output: a JSON line per case, {"error": text} or
{"values": {"group.name": value}}. Options that are not registered are left out.
"""
import copy
import importlib
import json
import os
import sys

from keystoneauth1 import loading
import nova.conf
from nova import config as nova_config
from oslo_config import cfg
from oslo_log import log

CONF = nova.conf.CONF
log.register_options(CONF)
nova_config.set_lib_defaults()


def register(group, opts):
    for opt in opts:
        try:
            CONF.register_opt(opt, group=group)
        except (cfg.DuplicateOptError, cfg.ArgsAlreadyParsedError):
            pass


for module, call in [
        ('oslo_messaging.opts', 'list_opts'), ('oslo_db.options', 'list_opts'),
        ('oslo_policy.opts', 'list_opts'), ('oslo_middleware.opts', 'list_opts'),
        ('osprofiler.opts', 'list_opts'), ('oslo_cache._opts', 'list_opts'),
        ('oslo_limit.opts', 'list_opts'), ('oslo_concurrency.opts', 'list_opts'),
        ('oslo_reports.opts', 'list_opts'), ('oslo_service.service', 'list_opts'),
        ('keystonemiddleware.opts', 'list_auth_token_opts')]:
    for group, opts in getattr(importlib.import_module(module), call)():
        register(None if group in (None, 'DEFAULT') else str(group), opts)

for group in ('cinder', 'keystone', 'keystone_authtoken', 'neutron', 'oslo_limit',
              'placement', 'service_user', 'vendordata_dynamic_auth'):
    plugin = [copy.copy(o) for o in loading.get_auth_plugin_conf_options('password')]
    register(group, plugin)
for _, opts in list(CONF._groups.items()):
    for info in opts._opts.values():
        info['opt'].required = False

request = json.load(sys.stdin)
base = dict(os.environ)
for case in request['cases']:
    os.environ.clear()
    os.environ.update(base)
    os.environ.update(case.get('env') or {})
    values = {}
    try:
        CONF([], project='nova', prog='nova-api-os-compute', version='0',
             default_config_files=case['files'], default_config_dirs=[])
        for group, name in request['options']:
            try:
                place = CONF if group == 'DEFAULT' else getattr(CONF, group)
                if name not in place:
                    continue
            except cfg.NoSuchOptError:
                continue
            values[group + '.' + name] = place[name]
        print(json.dumps({'values': values}, default=str), flush=True)
    except (Exception, SystemExit, RecursionError) as e:
        print(json.dumps({'error': '%s: %s' % (type(e).__name__, str(e)[:300])}), flush=True)
