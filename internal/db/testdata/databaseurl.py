"""Opens databases as Nova does, and lists the parameters of the drivers.

    databaseurl.py names FILE   writes the parameters of PyMySQL's and psycopg2's connections to FILE
    databaseurl.py ask FILE     reads one JSON object {"url": ..., "parameters": ...} per line of FILE, opens
                                each with oslo.db, and writes one JSON object per line: "error", or what
                                the server says about the connection

It needs a Python environment with oslo.db and PyMySQL; psycopg2 for PostgreSQL.
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
    if sys.argv[1] == "names":
        with open(sys.argv[2], "w") as f:
            json.dump(names(), f, indent=1)
            f.write("\n")
        return
    signal.signal(signal.SIGALRM, interrupt)
    with open(sys.argv[2]) as f:  # not stdin, from which OpenSSL reads the passphrases of keys
        for line in f:
            print(json.dumps(ask(json.loads(line))), flush=True)


main()
