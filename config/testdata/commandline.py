"""Reads command lines with oslo.config as nova-api does.

The argument is a directory with the configuration files. Standard input: [{"args": [...], "env": {...}}, ...].
Standard output: a JSON line per command line, {"error": text} or {"values": {option: value}}, and before them one with the
option strings of the parser.
"""
import contextlib
import io
import json
import os
import sys

import nova.conf
from nova import config as nova_config
from oslo_log import log

OPTIONS = ['debug', 'log_config_append', 'log_date_format', 'log_dir', 'log_file', 'use_syslog', 'use_journal',
           'syslog_log_facility', 'use_json', 'use_stderr']
CONF = nova.conf.CONF
log.register_options(CONF)
nova_config.set_lib_defaults()
os.chdir(sys.argv[1])
base = dict(os.environ)
for n, case in enumerate(json.load(sys.stdin)):
    os.environ.clear()
    os.environ.update(base)
    os.environ.update(case.get('env') or {})
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            CONF(case['args'], project='nova', prog='nova-api', version='0', default_config_files=['default.conf'],
                 default_config_dirs=['default.d'])
            answer = {'values': {name: getattr(CONF, name) for name in OPTIONS}}
    except (Exception, SystemExit) as e:
        last = said.getvalue().strip().split('\n')[-1]
        answer = {'error': last.partition('error: ')[2] or type(e).__name__}
    if n == 0:
        print(json.dumps(sorted(s for a in CONF._oparser._actions for s in a.option_strings)))
    print(json.dumps(answer), flush=True)
