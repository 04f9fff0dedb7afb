"""Opens databases as Nova does, and lists the parameters of the drivers.

    databaseurl.py names FILE   writes the parameters of PyMySQL's and psycopg2's connections to FILE
    databaseurl.py templates FILE  writes what Nova makes of templates of cell mappings to FILE
    databaseurl.py ask FILE     reads one JSON object {"url": ..., "parameters": ...} per line of FILE, opens
                                each with oslo.db, and writes one JSON object per line: "error", or what
                                the server says about the connection

It needs a Python environment with oslo.db and PyMySQL; psycopg2 for PostgreSQL; Nova for templates.
"""

import inspect
import json
import logging
import signal
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

MYSQL = """SELECT (SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'),
    CURRENT_USER(), DATABASE(), @@character_set_client, @@character_set_connection, @@character_set_results,
    @@collation_connection, @@sql_mode, @@autocommit, @@wait_timeout = @@interactive_timeout, @novatest"""
MYSQL_NAMES = ("tls user database client connection results collation sql_mode autocommit interactive "
               "novatest").split()
POSTGRESQL = """SELECT COALESCE((SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()), ''), CURRENT_USER,
    CURRENT_DATABASE(), CURRENT_SETTING('client_encoding'), CURRENT_SETTING('application_name'),
    CURRENT_SETTING('statement_timeout'), CURRENT_SETTING('search_path')"""
POSTGRESQL_NAMES = "tls user database encoding application statement_timeout search_path".split()


def names():
    import psycopg2
    import psycopg2.extensions
    import pymysql
    import pymysql.connections

    signature = inspect.signature(pymysql.connections.Connection.__init__)
    return {
        "pymysql": {
            "version": pymysql.VERSION_STRING,
            # SQLAlchemy's dialect makes the argument "ssl" of these.
            "own": ["ssl_capath", "ssl_check_hostname", "ssl_cipher"],
            "parameters": sorted(p for p in signature.parameters if p != "self"),
        },
        "psycopg2": {
            "version": psycopg2.__version__.split()[0],
            "libpq": psycopg2.extensions.libpq_version(),
            # connect() has these of its own, and passes the others to libpq.
            "own": sorted([p for p in inspect.signature(psycopg2.connect).parameters if p != "kwargs"] + ["async", "async_"]),
            "parameters": sorted(conninfo()),
        },
    }


def conninfo():
    """The keywords of libpq's PQconninfoOptions, from the libpq that psycopg2 has loaded."""
    import ctypes
    import psycopg2  # noqa: F401

    class Option(ctypes.Structure):
        _fields_ = [(n, ctypes.c_char_p) for n in ("keyword", "envvar", "compiled", "val", "label", "dispchar")]
        _fields_ += [("dispsize", ctypes.c_int)]

    with open("/proc/self/maps") as maps:
        library = next(line.split()[-1] for line in maps if "libpq" in line)
    defaults = ctypes.CDLL(library).PQconndefaults
    defaults.restype = ctypes.POINTER(Option)
    options, found = defaults(), []
    while options[len(found)].keyword:
        found.append(options[len(found)].keyword.decode())
    return found


TEMPLATES = [
    "{scheme}://{username}:{password}@{hostname}:{port}/{path}?{query}",
    "mysql+pymysql://{username}:{password}@10.0.0.2/nova_cell1?{query}",
    "{scheme}://{username}:{password}@{hostname}/{path}#{fragment}",
    "{username1}:{password1}@{hostname1}:{port1} {username2}:{password2}@{hostname2}:{port2}",
    "plain", "{nosuch}", "a{{b}}c", "{", "}", "{username0}", "{}", "x{port}",
]
URLS = [
    "mysql+pymysql://nova:p%40ss@db.Example:3306/nova?charset=utf8&ssl_ca=/a", "mysql+pymysql://nova@db/nova",
    "mysql+pymysql://db", "MYSQL://u:a:b@c@h:1/x/y#z", "mysql://u:p@[::1]:33/x", "mysql://u:p@[FE80::1]/x",
    "mysql://u:p@h:abc/x", "mysql://u:p@h:99999/x", "mysql://u:p@h:/x", "rabbit://u1:p1@h1:1,u2:p2@h2:2/vh",
    "rabbit://u1:p1@h1,u2:p2@h2/vh", "rabbit://h1:1,h2:2/vh", "rabbit://u1:p1@h1:1,h2:2/",
    "rabbit://u:p@[::1]:5,u2:p2@[::2]:6//", "rabbit://u:p@h1:1,@h2:2/", "mysql://u:p/q@h/x", "mysql://u:p#q@h/x",
    "mysql://u:p?q@h/x", "nothing", "mysql://u:\u00fc@h/x", "rabbit://u:p@h1:1,/", "mysql://u:p+ q@h/x?a={b}",
]


def templates():
    from nova.objects.cell_mapping import CellMapping

    def fill(template, url):
        try:
            return CellMapping._format_url(template, url)
        except Exception:  # Nova logs it and takes the template
            return template

    return {url: {template: fill(template, url) for template in TEMPLATES} for url in URLS}


def ask(question):
    from oslo_db.sqlalchemy import engines
    import sqlalchemy

    signal.alarm(15)  # ends connections that never come about
    try:
        engine = engines.create_engine(
            question["url"], mysql_sql_mode="TRADITIONAL", connection_parameters=question.get("parameters"),
            max_retries=1, retry_interval=0)
        is_postgresql = engine.dialect.name == "postgresql"
        with engine.connect() as connection:
            row = connection.exec_driver_sql(POSTGRESQL if is_postgresql else MYSQL).fetchone()
        engine.dispose()
        answer = dict(zip(POSTGRESQL_NAMES if is_postgresql else MYSQL_NAMES, row))
        return {name: value.decode() if isinstance(value, bytes) else value for name, value in answer.items()}
    except Exception as e:
        return {"error": f"{type(e).__name__}: {e}".split("\n")[0]}
    finally:
        signal.alarm(0)


def interrupt(*_):
    raise TimeoutError("no answer")


def main():
    if sys.argv[1] in ("names", "templates"):
        with open(sys.argv[2], "w") as f:
            json.dump(names() if sys.argv[1] == "names" else templates(), f, indent=1, ensure_ascii=False)
            f.write("\n")
        return
    signal.signal(signal.SIGALRM, interrupt)
    with open(sys.argv[2]) as f:  # not stdin, from which OpenSSL reads the passphrases of keys
        for line in f:
            print(json.dumps(ask(json.loads(line))), flush=True)


main()
