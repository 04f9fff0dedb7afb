"""Runs the filters that Python's packages have on the requests of a file, and
prints what they did: python pyfilters.py CASES.json

A case is {"filter", "conf", "map", "users", "requests"}; a request is {"method",
"path", "script", "headers", "body", "status"}, the last being what the application
answers. What differs from run to run is replaced: identifiers by ID, times by TIME.
"""
import json
import re
import socket
import sys
import tempfile
import warnings

import webob
from oslo_config import cfg

warnings.simplefilter('ignore')
cfg.CONF([], project='none', default_config_files=[], default_config_dirs=[])


def file_with(text):
    f = tempfile.NamedTemporaryFile('w', delete=False)
    f.write(text)
    f.close()
    return f.name


def steady(v):
    if isinstance(v, dict):
        return {k: steady(x) for k, x in v.items()}
    if isinstance(v, list):
        return [steady(x) for x in v]
    if isinstance(v, str):
        v = re.sub(r'[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}', 'ID', v)
        v = re.sub(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000', 'TIME', v)
    return v


def run(case):
    conf, out = dict(case.get('conf', {})), []
    seen, events, udp = [], [], None
    if 'map' in case:
        conf['audit_map_file'] = file_with(case['map'])
    kind = case['filter']
    try:
        if kind == 'audit':
            from keystonemiddleware import audit
            filt = audit.filter_factory({}, **conf)
        elif kind == 'basic_auth':
            from oslo_middleware import BasicAuthMiddleware
            cfg.CONF.set_override('http_basic_auth_user_file', file_with(case['users']), group='oslo_middleware')
            filt = BasicAuthMiddleware.factory({}, **conf)
        elif kind == 'correlation_id':
            from oslo_middleware import CorrelationId
            filt = CorrelationId.factory({}, **conf)
        elif kind == 'stats':
            from oslo_middleware.stats import StatsMiddleware
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind(('127.0.0.1', 0))
            udp.settimeout(2)
            filt = StatsMiddleware.factory({}, **conf)

        def app(environ, start_response):
            req = webob.Request(environ)
            seen.append({k: environ[k] for k in ('HTTP_X_USER', 'HTTP_X_USER_NAME', 'HTTP_X_CORRELATION_ID', 'HTTP_AUTHORIZATION') if k in environ})
            seen[-1]['body'] = req.body.decode()
            return webob.Response('fine', status=case['requests'][len(out)].get('status', 200))(environ, start_response)

        f = filt(app)
        if kind == 'audit':
            class Notifier:
                def notify(self, context, event_type, payload):
                    events.append([event_type, steady(json.loads(json.dumps(payload)))])
            f._notifier = Notifier()
        if udp:
            f.statsd._addr = udp.getsockname()
    except Exception as e:
        return {'error': type(e).__name__}
    for r in case['requests']:
        req = webob.Request.blank(r['path'], method=r['method'], headers=r.get('headers', {}))
        req.environ['REMOTE_ADDR'] = '192.0.2.1'
        req.environ['SCRIPT_NAME'] = r.get('script', '')
        if 'body' in r:
            req.body = r['body'].encode()
        del events[:], seen[:]
        resp = req.get_response(f)
        one = {'status': resp.status_int, 'body': resp.text}
        if kind == 'audit':
            one['events'] = list(events)
        if seen:
            one['seen'] = {k: steady(re.sub(r'^[0-9a-f-]{36}$', 'ID', v)) for k, v in seen[0].items()}
        if udp:
            one['stat'] = re.sub(r':[0-9.]+\|', ':TIME|', udp.recv(2000).decode())
        out.append(one)
    return {'answers': out}


with open(sys.argv[1]) as f:
    cases = json.load(f)
print('[' + ',\n'.join(json.dumps({k: v for k, v in dict(c, want=run(c)).items()}, sort_keys=True) for c in cases) + ']')
