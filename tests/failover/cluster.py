"""Hosts in network namespaces: etcd, three PostgreSQL servers under Patroni, HAProxy before them."""

import glob
import json
import os
import signal
import subprocess
import time
import urllib.request

BRIDGE = "ocoplab0"
NET = "10.213.71"
GATE = f"{NET}.1"
DATABASE_PORT = 15000
HTTP_PORT = 18100


def sh(*command, check=True):
    return subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Process:
    """Something started here, with everything it started: one session, killed as one."""

    def __init__(self, command, log, host=None, user=None, env=None):
        self.command, self.log, self.host, self.user, self.env = command, log, host, user, env
        self.child = None

    def start(self):
        command = list(self.command)
        if self.user:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", *command]
        if self.host:
            command = ["ip", "netns", "exec", self.host, *command]
        out = open(self.log, "ab")
        self.child = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True,
                                      env={**os.environ, **(self.env or {})})
        return self

    def family(self):
        """The process and all that descend from it, also what began a session of its own (the postmaster does)."""
        parents = {}
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                fields = open(path).read().rsplit(")", 1)
                parents.setdefault(int(fields[1].split()[1]), []).append(int(fields[0].split()[0]))
            except (OSError, IndexError):
                continue
        found, ahead = [], [self.child.pid]
        while ahead:
            pid = ahead.pop()
            found.append(pid)
            ahead.extend(parents.get(pid, []))
        return found

    def signal(self, which, pids=None):
        for pid in pids if pids is not None else self.family():
            try:
                os.kill(pid, which)
            except ProcessLookupError:
                pass

    def kill(self):
        if self.child and self.child.poll() is None:
            self.signal(signal.SIGKILL)
            self.child.wait()


class Node:
    """A PostgreSQL server under Patroni, on a host of its own."""

    def __init__(self, lab, number):
        self.name, self.address = f"ocoplab-pg{number}", f"{NET}.{10 + number}"
        self.folder = f"{lab.folder}/pg{number}"
        self.inner, self.outer = f"olab{number}i", f"olab{number}o"
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        os.makedirs(self.folder)
        sh("chown", "postgres:postgres", self.folder)
        config = {
            "scope": "ocoplab", "name": self.name,
            "restapi": {"listen": f"{self.address}:8008", "connect_address": f"{self.address}:8008"},
            "etcd3": {"host": f"{GATE}:12379"},
            "bootstrap": {
                "dcs": {
                    "ttl": 20, "loop_wait": 3, "retry_timeout": 5, "maximum_lag_on_failover": 1048576,
                    "synchronous_mode": True, "synchronous_mode_strict": True, "primary_start_timeout": 0,
                    "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": {
                        "max_connections": 100, "shared_buffers": "64MB", "wal_level": "replica", "hot_standby": "on",
                        "wal_log_hints": "on", "max_wal_senders": 10, "wal_keep_size": "512MB", "synchronous_commit": "on",
                        "wal_sender_timeout": "5s", "wal_receiver_timeout": "5s", "tcp_keepalives_idle": 5,
                        "tcp_keepalives_interval": 2, "tcp_keepalives_count": 3, "tcp_user_timeout": "8s"}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
                "pg_hba": [f"host replication all {NET}.0/24 trust", f"host all all {NET}.0/24 trust", "local all all trust"],
            },
            "postgresql": {
                "listen": f"{self.address}:5432", "connect_address": f"{self.address}:5432", "data_dir": f"{self.folder}/data",
                "bin_dir": binaries, "pgpass": f"{self.folder}/pgpass", "parameters": {"unix_socket_directories": self.folder},
                "authentication": {"replication": {"username": "replicator"}, "superuser": {"username": "postgres"},
                                   "rewind": {"username": "postgres"}},
            },
        }
        self.config = f"{self.folder}/patroni.yml"
        with open(self.config, "w") as file:
            json.dump(config, file)  # JSON is YAML.
        sh("ip", "netns", "add", self.name)
        sh("ip", "link", "add", self.outer, "type", "veth", "peer", "name", self.inner)
        sh("ip", "link", "set", self.inner, "netns", self.name)
        sh("ip", "link", "set", self.outer, "master", BRIDGE)
        sh("ip", "link", "set", self.outer, "up")
        for command in (["addr", "add", f"{self.address}/24", "dev", self.inner], ["link", "set", self.inner, "up"], ["link", "set", "lo", "up"]):
            sh("ip", "netns", "exec", self.name, "ip", *command)
        self.patroni = Process([os.environ.get("PATRONI", "/usr/bin/patroni"), self.config], f"{self.folder}/patroni.log", host=self.name, user="postgres",
                               env={"PYTHONUNBUFFERED": "1", "PATH": binaries + ":" + os.environ["PATH"]})

    def state(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}:8008/patroni", timeout=1) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except (OSError, ValueError):
            return {}

    def is_primary(self):
        return self.state().get("role") in ("master", "primary") and self.state().get("state") == "running"

    def kill(self):
        self.patroni.kill()

    def freeze(self):
        self.frozen = self.patroni.family()
        self.patroni.signal(signal.SIGSTOP, self.frozen)

    def thaw(self):
        self.patroni.signal(signal.SIGCONT, self.frozen)

    def cut(self):
        sh("ip", "link", "set", self.outer, "down")

    def join(self):
        sh("ip", "link", "set", self.outer, "up")

    def start(self):
        self.patroni.start()


class Cluster:
    def __init__(self, lab):
        self.lab = lab
        sweep()
        sh("ip", "link", "add", BRIDGE, "type", "bridge")
        sh("ip", "addr", "add", f"{GATE}/24", "dev", BRIDGE)
        sh("ip", "link", "set", BRIDGE, "up")
        sh("chmod", "755", lab.folder)
        self.etcd = Process(
            ["etcd", "--data-dir", f"{lab.folder}/etcd", "--listen-client-urls", f"http://{GATE}:12379",
             "--advertise-client-urls", f"http://{GATE}:12379", "--listen-peer-urls", f"http://{GATE}:12380",
             "--initial-advertise-peer-urls", f"http://{GATE}:12380", "--initial-cluster", f"default=http://{GATE}:12380"],
            f"{lab.folder}/etcd.log").start()
        self.nodes = [Node(lab, number) for number in (1, 2, 3)]
        self.proxy = Process(["haproxy", "-db", "-f", self.haproxy()], f"{lab.folder}/haproxy.log")

    def haproxy(self):
        path = f"{self.lab.folder}/haproxy.cfg"
        checks = "default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions"
        nodes = "\n".join(f"  server {node.name} {node.address}:5432 maxconn 90 check port 8008" for node in self.nodes)
        servers = "\n".join(f"  server ocop{n} 127.0.0.1:{HTTP_PORT + n} check" for n in (1, 2))
        with open(path, "w") as file:
            file.write(f"""global
  maxconn 2000
defaults
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 1s
frontend database
  mode tcp
  bind 127.0.0.1:{DATABASE_PORT}
  default_backend primary
backend primary
  mode tcp
  option httpchk GET /primary
  {checks}
{nodes}
frontend shop
  mode http
  bind 127.0.0.1:{HTTP_PORT}
  default_backend servers
backend servers
  mode http
  balance roundrobin
  option redispatch
  option httpchk GET /readyz
  default-server inter 500ms fall 1 rise 1
{servers}
""")
        return path

    def start(self):
        self.nodes[0].start()
        self.wait_primary(90)
        for node in self.nodes[1:]:
            node.start()
        self.wait_whole(120)
        self.proxy.start()

    def primary(self):
        return next((node for node in self.nodes if node.is_primary()), None)

    def wait_primary(self, seconds, other_than=None):
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            node = self.primary()
            if node and node is not other_than:
                return node
            time.sleep(0.1)
        raise SystemExit(f"no primary within {seconds} s: see {self.lab.folder}")

    def wait_whole(self, seconds):
        """A primary, and two that stream from it, one of which may be elected."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            states = [node.state() for node in self.nodes]
            primaries = [state for state in states if state.get("role") in ("master", "primary")]
            if len(primaries) == 1:
                followers = primaries[0].get("replication") or []
                streaming = [one for one in followers if one.get("state") == "streaming"]
                # Who may be elected stands in etcd; the standby itself reads it there.
                if len(streaming) == 2 and any(state.get("sync_standby") for state in states):
                    return
            time.sleep(0.5)
        raise SystemExit(f"the cluster is not whole within {seconds} s: {states}")

    def stop(self):
        for process in [self.proxy, *(node.patroni for node in self.nodes), self.etcd]:
            if process.child:
                process.signal(signal.SIGCONT)
                process.kill()
        sweep()


def sweep():
    """Takes away hosts that an earlier run left."""
    for number in (1, 2, 3):
        sh("ip", "netns", "del", f"ocoplab-pg{number}", check=False)
        sh("ip", "link", "del", f"olab{number}o", check=False)
    sh("ip", "link", "del", BRIDGE, check=False)
