"""A backend that gives every PostgreSQL object a database and a role of its own on one PostgreSQL server that all share.

    pip install -r requirements.txt
    DSN='host=db.example.com user=postgres password=…' python backend.py --listen unix:///run/shared.sock
    databases-apiserver … --backend shared.example.com/postgresql=unix:///run/shared.sock

What it made it keeps in a table of the database that DSN names, by the uid of the object. A class may name a ConfigMap whose key
`connections` says how many connections an object may have (20 when it says nothing).
"""

import argparse
import json
import os
import secrets
import sys
from concurrent import futures

import grpc
import psycopg
from psycopg.sql import SQL, Identifier, Literal

NAME = "shared.example.com/postgresql"
TABLE = """CREATE TABLE IF NOT EXISTS shared_instances (
    uid text PRIMARY KEY, name text UNIQUE NOT NULL, password text NOT NULL, kept boolean NOT NULL DEFAULT true)"""


parser = argparse.ArgumentParser(description="PostgreSQL on a shared server, whose DSN is in the environment")
parser.add_argument("--listen", required=True, help="unix:///path/of/a/socket")
parser.add_argument("--host", help="where applications connect to the server (default: as this program does)")
parser.add_argument("--protos", default="api/proto/backend/v1", help="the folder of backend.proto")
ARGUMENTS = parser.parse_args()
sys.path.insert(0, ARGUMENTS.protos)
pb, rpc = grpc.protos_and_services("backend.proto")


def connect():
    return psycopg.connect(os.environ["DSN"], autocommit=True, connect_timeout=5)


def answers(call):
    """An error of PostgreSQL is told by its code; none of its messages holds a password of ours."""

    def answer(self, request, context):
        try:
            with connect() as server:
                return call(self, request, server, context)
        except (psycopg.errors.DiskFull, psycopg.errors.TooManyConnections) as error:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except psycopg.errors.InsufficientPrivilege as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"the user of DSN may not do it: {error}")
        except psycopg.Error as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, f"the shared server: {error}")

    return answer


def connections(parameters):
    """How many connections a class gives to each object; none where it does not say a number."""
    settings = json.loads(parameters or b"{}").get("data") or {}
    number = str(settings.get("connections", 20))
    return int(number) if number.isdecimal() else None


class Wish:
    """What an object asks for."""

    def __init__(self, request):
        thing = json.loads(request.object_json)
        self.uid, name = thing["metadata"]["uid"], thing["metadata"]["name"]
        self.name = f"{name[:24]}_{self.uid.replace('-', '')}"[:63]
        self.stopped = thing["spec"].get("state") == "Stopped"
        known = request.HasField("database_class")
        self.connections = connections(request.database_class.parameters_json) if known else None


def found(server, wish):
    """The name, the password and whether an object has it; none where nothing was ever made."""
    server.execute(TABLE)
    query = "SELECT name, password, kept FROM shared_instances WHERE uid = %s"
    return server.execute(query, [wish.uid]).fetchone()


def has_role(server, name):
    return server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()


def has_database(server, name):
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()


def stop(server, name):
    """Nobody can log in, and nobody is any more."""
    server.execute(SQL("ALTER ROLE {} NOLOGIN").format(Identifier(name)))
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def observed(server, wish):
    row = found(server, wish)
    if not row or not row[2] or not has_database(server, row[0]):
        return None
    name, password, _ = row
    [login] = server.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [name]).fetchone() or [False]
    [size] = server.execute("SELECT pg_database_size(%s)", [name]).fetchone()
    endpoint = pb.Endpoint(role="ReadWrite", host=ARGUMENTS.host or server.info.host, port=server.info.port)
    return pb.Observed(
        phase="Available" if login else "Stopped" if wish.stopped else "NoPrimary",
        message="the shared server takes connections" if login else "nobody can log in",
        version=server.info.parameter_status("server_version").split()[0],
        instances=int(login),
        ready_instances=int(login),
        endpoints=[endpoint],
        logins=[pb.Login(username=name, password=password.encode(), database=name)],
        storage_bytes=size,
    )


class Identity(rpc.IdentityServicer):
    def GetInfo(self, request, context):
        info = pb.Info(name=NAME, version="1.0.0", protocol_versions=["v1"], capabilities=["Plan"])
        info.class_parameters.add(version="v1", kind="ConfigMap")
        return info

    @answers
    def Offer(self, request, server, context):
        if connections(request.parameters_json) is None:
            context.set_trailing_metadata((("reason", "InvalidParameters"),))
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the key connections must be a number")
        major = str(server.info.server_version // 10000)
        engine = pb.Engine(kind="PostgreSQL", flavor="PostgreSQL", versions=[major])
        return pb.Offer(engines=[engine], features=["PostgreSQL", "PostgreSQLStop"])


class PostgreSQL(rpc.PostgreSQLServicer):
    def Reference(self, request, context):
        return pb.Reference(group="shared.example.com", kind="Database", name=Wish(request).name)

    @answers
    def Plan(self, request, server, context):
        wish = Wish(request)
        now = observed(server, wish)
        if not wish.stopped or not now or now.phase == "Stopped":
            return pb.Plan()
        return pb.Plan(changes=[pb.Change(fields=["spec.state"], effect="Downtime", message="ends all connections")])

    @answers
    def Observe(self, request, server, context):
        return pb.Observation(observed=observed(server, Wish(request)))

    @answers
    def Ensure(self, request, server, context):
        wish = Wish(request)
        found(server, wish)
        server.execute(
            "INSERT INTO shared_instances VALUES (%s, %s, %s) ON CONFLICT (uid) DO UPDATE SET kept = true",
            [wish.uid, wish.name, secrets.token_urlsafe(24)],
        )
        name, password, _ = found(server, wish)
        if not has_role(server, name):
            server.execute(SQL("CREATE ROLE {} NOLOGIN").format(Identifier(name)))
        if not has_database(server, name):
            server.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(name), Identifier(name)))
        server.execute(SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(Identifier(name)))
        if wish.stopped:
            stop(server, name)
        else:
            verifier = server.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
            server.execute(SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(Identifier(name), Literal(verifier)))
        if wish.connections is not None:
            limit = SQL("ALTER ROLE {} CONNECTION LIMIT {}")
            server.execute(limit.format(Identifier(name), Literal(wish.connections)))
        return observed(server, wish)

    @answers
    def Remove(self, request, server, context):
        wish = Wish(request.request)
        row = found(server, wish)
        if row and has_role(server, row[0]):
            stop(server, row[0])
        server.execute("UPDATE shared_instances SET kept = false WHERE uid = %s", [wish.uid])
        if row and request.disposal == "Delete":
            server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(row[0])))
            server.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(row[0])))
            server.execute("DELETE FROM shared_instances WHERE uid = %s", [wish.uid])
        return pb.Nothing()


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    rpc.add_IdentityServicer_to_server(Identity(), server)
    rpc.add_PostgreSQLServicer_to_server(PostgreSQL(), server)
    server.add_insecure_port(ARGUMENTS.listen)
    server.start()
    print(f"{NAME} listens at {ARGUMENTS.listen}", flush=True)
    server.wait_for_termination()


main()
