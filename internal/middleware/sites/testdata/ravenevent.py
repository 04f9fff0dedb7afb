"""Writes raven.json: the event that raven's filter for paste sends for a request whose application fails.

python ravenevent.py raven.json, with a Python that can import raven 6.10.0.
"""
import collections
import collections.abc
import http.server
import io
import json
import sys
import threading
import time
import zlib

for name in ("Callable", "Iterable", "Mapping", "MutableMapping"):  # raven is older than Python 3.10
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

from raven.contrib.paste import sentry_filter_factory  # noqa: E402

events = []


class Sentry(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        events.append({"path": self.path, "auth": self.headers["X-Sentry-Auth"], "event": json.loads(zlib.decompress(body))})
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


def application(environ, start_response):
    raise ValueError("broken")


server = http.server.HTTPServer(("127.0.0.1", 0), Sentry)
threading.Thread(target=server.serve_forever, daemon=True).start()
dsn = "http://key:secret@127.0.0.1:%d/7" % server.server_port
wsgi = sentry_filter_factory(application, {}, dsn=dsn, site="site-1", release="1.2", environment="prod", name="api-1")
environ = {
    "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/v2.1/servers/abc", "QUERY_STRING": "a=1&password=x", "SERVER_NAME": "192.0.2.9",
    "SERVER_PORT": "8774", "HTTP_HOST": "nova.example", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(b"{}"), "wsgi.errors": sys.stderr,
    "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "2", "HTTP_USER_AGENT": "ua", "HTTP_X_AUTH_TOKEN": "gAAAA", "REMOTE_ADDR": "192.0.2.1",
    "HTTP_X_OPENSTACK_REQUEST_ID": "req-1",
}
try:
    list(wsgi(environ, lambda *args: None))
except ValueError:
    pass
while not events:
    time.sleep(0.01)
recorded = events[0]
event = recorded["event"]
event["extra"] = event["modules"] = {}
event["exception"]["values"][0]["stacktrace"]["frames"] = [
    {"abs_path": "/app.py", "vars": {}, **{k: v for k, v in f.items() if k not in ("vars", "abs_path")}}
    for f in event["exception"]["values"][0]["stacktrace"]["frames"][-1:]
]
with open(sys.argv[1], "w") as f:
    json.dump(recorded, f, indent=1, sort_keys=True)
    f.write("\n")
