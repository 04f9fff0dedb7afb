"""Runs filters of SAP, raven and Paste on the requests of a file, and prints what
they did: python sapfilters.py CASES.json DIRECTORY

DIRECTORY has the Python packages watcher, rate_limit and auditmiddleware, of the
projects sapcc/openstack-*-middleware, and datadog, pyredis and paste. The
address of a Redis is in LAB_REDIS ("host:port"); cases of the rate limit need it.

A case is {"filter", "conf", "file", "requests"}; a request is {"method", "path",
"script", "headers", "body", "type", "status", "answer"}; the last three are the
content type of the body, and what the application answers. What differs from run
to run is replaced: identifiers by ID, times by TIME.
"""
import json
import os
import re
import socket
import sys
import tempfile
import uuid
import warnings

warnings.simplefilter('ignore')
sys.path.insert(0, sys.argv[2])

import webob
from oslo_config import cfg

try:
    cfg.CONF([], project='none', default_config_files=[], default_config_dirs=[])
except cfg.ArgsAlreadyParsedError:
    pass

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(('127.0.0.1', 0))
udp.settimeout(0.3)
host, port = udp.getsockname()
os.environ['STATSD_HOST'], os.environ['STATSD_PORT'] = host, str(port)


def datagrams():
    lines = []
    try:
        while True:
            for line in udp.recv(65000).decode().splitlines():
                if line.startswith('datadog.'):
                    continue  # about the client itself
                lines.append(re.sub(r'(duration_seconds|latency_by_api):[0-9.e-]+\|', r'\1:TIME|', line))
    except socket.timeout:
        return sorted(lines)


def steady(v):
    if isinstance(v, dict):
        return {k: steady(x) for k, x in v.items()}
    if isinstance(v, list):
        return [steady(x) for x in v]
    if isinstance(v, str):
        v = re.sub(r'[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}', 'ID', v)
        v = re.sub(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$', 'TIME', v)
    return v


def build(case, app, events):
    conf, kind = dict(case.get('conf', {})), case['filter']
    if 'file' in case:
        f = tempfile.NamedTemporaryFile('w', delete=False)
        f.write(case['file'])
        f.close()
        conf['audit_map_file' if kind == 'sapaudit' else 'config_file'] = f.name
    if kind == 'sapaudit':
        import auditmiddleware
        filt = auditmiddleware.filter_factory({}, **conf)(app)

        class Notifier:
            def notify(self, context, payload):
                events.append(steady(json.loads(json.dumps(payload))))
        filt._notifier = Notifier()
        return filt
    if kind == 'translogger':
        import logging
        from paste.translogger import make_filter

        class Keep(logging.Handler):
            def emit(self, record):
                events.append(re.sub(r'\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}', 'TIME', record.getMessage()))
        filt = make_filter(app, {}, setup_console_handler='false', **conf)
        logging.getLogger('wsgi').handlers = [Keep()]
        return filt
    from watcher import OpenStackWatcherMiddleware
    watched = dict(statsd_host=host, statsd_port=str(port), service_type='compute')
    if kind == 'watcher':
        return OpenStackWatcherMiddleware.factory({}, **dict(watched, **conf))(app)
    if kind == 'ratelimit':
        from rate_limit import OpenStackRateLimitMiddleware
        from rate_limit import common
        mark = uuid.uuid4().hex
        common.key_func = lambda scope, action, target_type_uri: '_'.join(
            ['ratelimit', mark, str(scope), action, target_type_uri])
        conf['backend_host'], conf['backend_port'] = os.environ['LAB_REDIS'].split(':')
        conf['max_sleep_time_seconds'] = '0'
        limited = OpenStackRateLimitMiddleware.factory({}, **conf)(app)
        return OpenStackWatcherMiddleware.factory({}, **watched)(limited)


def run(case):
    events, env, out = [], [], []

    def app(environ, start_response):
        env.append({k: v for k, v in environ.items() if k.startswith('WATCHER.')})
        r = case['requests'][len(out)]
        resp = webob.Response(status=r.get('status', 200))
        if 'answer' in r:
            resp.content_type = 'application/json'
            resp.body = r['answer'].encode()
        else:
            resp.text = 'fine'
        return resp(environ, start_response)

    try:
        f = build(case, app, events)
    except Exception as e:
        return {'error': type(e).__name__}
    datagrams()
    for r in case['requests']:
        req = webob.Request.blank(r['path'], method=r['method'], headers=r.get('headers', {}))
        req.environ['REMOTE_ADDR'] = '192.0.2.1'
        req.environ['SCRIPT_NAME'] = r.get('script', '')
        if 'body' in r:
            req.body = r['body'].encode()
            req.content_type = r.get('type', 'application/json')
        del events[:], env[:]
        resp = req.get_response(f)
        one = {'status': resp.status_int}
        if case['filter'] in ('sapaudit', 'translogger'):
            one['events'] = list(events)
        elif case['filter'] == 'watcher':
            one['env'] = env[0]
        else:
            one['body'] = resp.text
            one['headers'] = {k: v for k, v in resp.headers.items() if 'Retry' not in k}
        one['metrics'] = datagrams()
        out.append(one)
    return {'answers': out}


with open(sys.argv[1]) as cases_file:
    cases = json.load(cases_file)
print('[' + ',\n'.join(json.dumps(dict(c, want=run(c)), sort_keys=True) for c in cases) + ']')
