"""Writes what Python's osprofiler sends for one traced request: python record.py > recorded.json"""

import http.server
import json
import threading

import requests
import sqlalchemy
import webob
import webob.dec
from oslo_config import cfg
from osprofiler import _utils, initializer, opts, profiler, web
from osprofiler import sqlalchemy as traced_sqlalchemy

KEY = "second"
BASE, PARENT = "10000000-0000-4000-8000-000000000001", "10000000-0000-4000-8000-000000000002"
received, sent, context = [], [], {}


class Neighbour(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        received.append({name: self.headers[name] for name in (web.X_TRACE_INFO, web.X_TRACE_HMAC)})
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


neighbour = http.server.HTTPServer(("127.0.0.1", 0), Neighbour)
threading.Thread(target=neighbour.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d/v2.0/ports?limit=1" % neighbour.server_port

conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, trace_sqlalchemy=True, hmac_keys="first, " + KEY)
conf([])
conf.set_override("trace_requests", True, "profiler")
initializer.init_from_conf(conf, {"request_id": "req-1"}, "nova", "osapi_compute", "controller1", transport_url="fake://")

from oslo_messaging import transport  # noqa: E402


def record(self, target, ctxt, message, version, retry=None):
    sent.append({"topic": target.topic, "context": ctxt, "version": version, "retry": retry, "message": json.loads(json.dumps(message, default=str))})


transport.NotificationTransport._send_notification = record
engine = sqlalchemy.create_engine("sqlite://")
traced_sqlalchemy.add_tracing(sqlalchemy, engine, "db")


@webob.dec.wsgify
def app(request):
    with engine.connect() as c:
        c.exec_driver_sql("SELECT 1")
    requests.get(url)
    p = profiler.get()
    context.update(hmac_key=p.hmac_key, base_id=p.get_base_id(), parent_id=p.get_id())
    return webob.Response("fine")


info, signature = _utils.signed_pack({"base_id": BASE, "parent_id": PARENT}, KEY)
request = webob.Request.blank("/v2.1/servers/a b?limit=1&x=%20", headers={"X-Trace-Info": info.decode(), "X-Trace-HMAC": signature})
request.get_response(web.WsgiMiddleware.factory({})(app))
print(json.dumps({"headers": {"X-Trace-Info": info.decode(), "X-Trace-HMAC": signature}, "received": received, "sent": sent,
                  "trace_info": context}, indent=1, sort_keys=True))
