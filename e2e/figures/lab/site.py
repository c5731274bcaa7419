"""The processes of a figure and the doors to them."""

import contextlib
import http.client
import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile
import urllib.request

from harness.waiting import until

from .processes import Process, free_ports

# As an operator in a cluster asks: under the API server's fair queues, not above them.
OPERATOR = "system:serviceaccount:mail-system:postern-operator"
SYSTEM = "mail-system"


class Site:
    """API server, database, and what is started beside them."""

    def __init__(self, folder, binaries):
        self.folder, self.binaries = folder, binaries
        self.running = []
        self.etcd_port, self.peer_port, self.api_port, self.database_port, self.operator_port, self.health_port, self.mx_port = free_ports(7)
        self.etcd = self.api = self.database = self.operator = self.dataplane = None

    def start(self, name, *command, environment=None):
        process = Process(name, [str(word) for word in command], self.folder, environment)
        self.running.append(process)
        return process

    def end(self):
        for process in reversed(self.running):
            process.end(signal.SIGINT if process is self.database else signal.SIGTERM)

    # The API server

    def start_api_server(self):
        client = f"http://127.0.0.1:{self.etcd_port}"
        peer = f"http://127.0.0.1:{self.peer_port}"
        self.etcd = self.start(
            "etcd", "etcd", "--data-dir", self.folder / "etcd", "--unsafe-no-fsync", "--quota-backend-bytes", 8 << 30,
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}", "--log-level", "warn",
        )
        key = self.folder / "service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        tokens = self.folder / "tokens.csv"
        tokens.write_text(f'operator,{OPERATOR},operator,"system:serviceaccounts,system:authenticated"\nadmin,admin,admin,system:masters\n')
        self.api = self.start(
            "kube-apiserver", "kube-apiserver", f"--etcd-servers={client}", "--bind-address=127.0.0.1", f"--secure-port={self.api_port}",
            f"--cert-dir={self.folder / 'api'}", f"--token-auth-file={tokens}", "--authorization-mode=AlwaysAllow",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}", "--service-cluster-ip-range=10.0.0.0/16",
        )
        until("the API server", lambda: self.get("/readyz", raw=True) == "ok", 120)
        (self.folder / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {
                "server": f"https://127.0.0.1:{self.api_port}", "certificate-authority": str(self.folder / "api/apiserver.crt")}}],
            "users": [{"name": "operator", "user": {"token": "operator"}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "operator"}}],
        }))

    def door(self):
        """A connection to the API server, for one thread."""
        trust = ssl.create_default_context(cafile=self.folder / "api/apiserver.crt")
        return http.client.HTTPSConnection("127.0.0.1", self.api_port, timeout=60, context=trust)

    def ask(self, method, path, body=None, door=None, content="application/json"):
        """One request as administrator; the answer's text."""
        door = door or self.door()
        door.request(method, path, body and json.dumps(body), {"Authorization": "Bearer admin", "Content-Type": content})
        answer = door.getresponse()
        text = answer.read().decode()
        if answer.status not in (200, 201, 409):
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]}")
        return text

    def get(self, path, raw=False):
        text = self.ask("GET", path)
        return text if raw else json.loads(text)

    # The database

    def start_database(self):
        data, binaries = self.folder / "database", max(pathlib.Path("/usr/lib/postgresql").iterdir()) / "bin"
        data.mkdir()
        shutil.chown(data, "postgres")
        subprocess.run(
            ["runuser", "-u", "postgres", "--", binaries / "initdb", "-D", data, "-A", "trust", "-E", "UTF8"], check=True, capture_output=True
        )
        self.database = self.start(
            "postgres", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", binaries / "postgres", "-D", data,
            "-p", self.database_port, "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}",
        )
        until("the database", lambda: self.sql("SELECT 1", "postgres") == "1", 60)
        self.sql("CREATE DATABASE postern", "postgres")

    def sql(self, query, name="postern"):
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.database_port), "-U", "postgres", "-Atc", query, name]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    @property
    def database_url(self):
        return f"postgres://postgres@127.0.0.1:{self.database_port}/postern"

    # Ours

    def install_definitions(self):
        environment = {"KUBECONFIG": str(self.folder / "kubeconfig"), "PATH": "/usr/bin:/bin"}
        subprocess.run([self.binaries / "postern-operator", "crds", "apply"], check=True, env=environment)

    def start_operator(self, nameserver):
        self.operator = self.start(
            "operator", self.binaries / "postern-operator", "run", "--database-url", self.database_url, "--seal-key-file", self.folder / "seal.key",
            "--listen", f"127.0.0.1:{self.operator_port}", "--nameservers", nameserver, "--log-format", "text",
            environment={"KUBECONFIG": str(self.folder / "kubeconfig")},
        )

    def start_dataplane(self):
        """One process that receives mail, on the same directory. It makes schema and seal key."""
        settings = {
            "ROLES": "mx", "HOSTNAME": "mail.lab.example", "DATA": self.folder / "dataplane", "SEAL_KEY": self.folder / "seal.key",
            "DATABASE": self.database_url, "LISTEN_MX": f"127.0.0.1:{self.mx_port}",
            "LISTEN_HEALTH": f"127.0.0.1:{self.health_port}",
        }
        environment = {f"POSTERN_{name}": str(value) for name, value in settings.items()}
        self.dataplane = self.start("dataplane", self.binaries / "postern", "serve", environment=environment)
        until("the dataplane", lambda: answers(f"http://127.0.0.1:{self.health_port}/readyz"), 120)

    def metric(self, line):
        """A number of the operator's metrics, by the line that it stands on."""
        for one in answers(f"http://127.0.0.1:{self.operator_port}/metrics").splitlines():
            if one.startswith(line):
                return float(one.rsplit(" ", 1)[1])
        return 0.0


def answers(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


@contextlib.contextmanager
def site(binaries):
    """A site with API server, database and definitions; gone with everything at the end."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-lab-"))
    folder.chmod(0o755)
    it = Site(folder, pathlib.Path(binaries))
    try:
        it.start_database()
        it.start_api_server()
        it.install_definitions()
        yield it
    except BaseException:
        for process in it.running:
            print(f"--- {process.name}\n{process.log.read_text(errors='replace')[-1500:]}")
        raise
    finally:
        it.end()
        shutil.rmtree(folder, ignore_errors=True)
