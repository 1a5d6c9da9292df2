"""Runs the laboratory and writes its report."""

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from buyers import SECRET, Buyer, Told
from cluster import DATABASE_PORT, HTTP_PORT, Cluster, Process

URL = f"postgres://postgres@127.0.0.1:{DATABASE_PORT}/ocop"


class Stop(threading.Event):
    deadline = float("inf")


class Lab:
    def __init__(self, asked):
        self.asked = asked
        self.folder = tempfile.mkdtemp(prefix="ocop-failover-")
        self.cluster = Cluster(self)
        self.key = subprocess.run([asked.ocop, "key", "new"], check=True, capture_output=True, text=True).stdout.strip()
        self.servers = []

    def settings(self, number):
        folder = f"{self.folder}/server{number}"
        os.makedirs(folder, exist_ok=True)
        return {
            "OCOP_DATABASE_URL": URL, "OCOP_DATA_DIR": folder, "OCOP_LISTEN": f"127.0.0.1:{HTTP_PORT + number}", "OCOP_LOG": "error",
            "OCOP_BASE_URL": f"http://127.0.0.1:{HTTP_PORT}", "OCOP_SECRET_KEYS": self.key, "OCOP_DATA_KEYS": self.key,
            "OCOP_RATE_LIMIT_PER_SECOND": "0", "OCOP_AUTH_RATE_LIMIT_PER_MINUTE": "0", "OCOP_MAIL_SINK": "log",
            "OCOP_PAYMENTS": "cash_on_delivery,vnpay", "OCOP_VNPAY_TMN_CODE": "CHOOCOP1", "OCOP_VNPAY_SECRET": SECRET,
        }

    def ocop(self, *arguments):
        return subprocess.run([self.asked.ocop, *arguments], env={**os.environ, **self.settings(9)}, capture_output=True, text=True)

    def sql(self, text):
        binaries = sorted(os.listdir("/usr/lib/postgresql"))[-1]
        out = subprocess.run([f"/usr/lib/postgresql/{binaries}/bin/psql", URL, "-Atc", text], capture_output=True, text=True)
        if out.returncode:
            raise SystemExit(f"{text}: {out.stderr}")
        return out.stdout.strip()

    def probe(self, node):
        """Writes to a node directly, once it lets us."""
        psql = f"/usr/lib/postgresql/{sorted(os.listdir('/usr/lib/postgresql'))[-1]}/bin/psql"
        address = f"postgres://postgres@{node.address}/postgres?connect_timeout=2"
        began = time.monotonic()
        while time.monotonic() - began < 60:
            if subprocess.run([psql, address, "-qc", "UPDATE probe SET n = n + 1"], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        raise SystemExit(f"{node.name} takes no writes")

    def start(self):
        say("three PostgreSQL servers under Patroni, etcd, HAProxy")
        self.cluster.start()
        time.sleep(2)
        binaries = sorted(os.listdir("/usr/lib/postgresql"))[-1]
        admin = URL.rsplit("/", 1)[0] + "/postgres"
        subprocess.run([f"/usr/lib/postgresql/{binaries}/bin/psql", admin, "-qc", "CREATE DATABASE ocop"], check=True)
        subprocess.run([f"/usr/lib/postgresql/{binaries}/bin/psql", admin, "-qc", "CREATE TABLE probe AS SELECT 0 AS n"], check=True)
        seeded = self.ocop("seed", "--products", "2000")
        if seeded.returncode:
            raise SystemExit(seeded.stderr)
        for number in (1, 2):
            server = Process([self.asked.ocop, "serve"], f"{self.folder}/server{number}.log", env=self.settings(number))
            self.servers.append(server.start())
        self.wait_ready(60)

    def wait_ready(self, seconds):
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/readyz", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        raise SystemExit(f"no server is ready: see {self.folder}")

    def offers(self):
        """What can be had today."""
        def get(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}{path}", timeout=10) as answer:
                return json.load(answer)
        found = []
        for card in get("/v1/products?limit=100")["items"]:
            if card["availability"] in ("in_stock", "low_stock"):
                found.append(get(f"/v1/products/{card['slug']}")["offers"][0]["id"])
        return found

    def stop(self):
        for server in self.servers:
            server.kill()
        self.cluster.stop()


def say(words):
    print(f"{time.strftime('%H:%M:%S')}  {words}", flush=True)


def gaps(answers, since, until):
    """The longest time without an answer in a span."""
    moments = [since, *(at for at in answers if since <= at <= until), until]
    return max(after - before for before, after in itertools.pairwise(moments))


def fail_over(lab, told, number):
    """One failure of the primary; what it cost."""
    kind = lab.asked.kinds[number % len(lab.asked.kinds)]
    node = lab.cluster.primary()
    before = time.monotonic()
    {"killed": node.kill, "frozen": node.freeze, "cut off": node.cut}[kind]()
    new = lab.cluster.wait_primary(90, other_than=node)
    elected = time.monotonic() - before
    # It takes writes once somebody follows it synchronously: that is Patroni's own time.
    lab.probe(new)
    writable = time.monotonic() - before
    # Time for HAProxy to see it, and for our servers to go on.
    time.sleep(8)
    if kind == "killed":
        node.start()
    elif kind == "frozen":
        node.thaw()
    else:
        node.join()
    after = time.monotonic()
    with told.lock:
        silent = gaps(sorted(told.answers), before - 0.5, after)
    say(f"{number + 1:3}. {node.name} {kind}: {new.name} elected after {elected:.1f} s, took writes after {writable:.1f} s, {silent:.1f} s without answers")
    lab.cluster.wait_whole(180)
    return {"kind": kind, "elected": elected, "writable": writable, "silent": silent}


def kills(lab, count):
    """Our servers are killed, one after the other and sometimes both."""
    for number in range(count):
        for server in lab.servers if number % 10 == 9 else [random.choice(lab.servers)]:
            server.kill()
            server.start()
        time.sleep(random.uniform(0.2, 1.2))
        if number % 100 == 99:
            say(f"{number + 1} kills of servers")


def judge(lab, told):
    """What was acknowledged against what is there."""
    numbers = set(lab.sql("SELECT number FROM purchase").split())
    paid = dict(line.split("|") for line in lab.sql(
        "SELECT reference, state FROM payment WHERE method = 'vnpay'").splitlines())
    lost = [number for number, _, _ in told.purchases if number not in numbers]
    lost += [reference for reference in told.payments if paid.get(reference) != "captured"]
    doubled = lab.sql("SELECT COUNT(*) FROM (SELECT cart_id FROM purchase GROUP BY cart_id HAVING COUNT(*) > 1) t")
    twice = lab.sql("SELECT COUNT(*) FROM (SELECT purchase_id FROM payment WHERE state = 'captured' AND order_id IS NULL "
                    "GROUP BY purchase_id HAVING COUNT(*) > 1) t")
    half = lab.sql("SELECT COUNT(*) FROM purchase p WHERE (SELECT COALESCE(SUM(o.total_amount), 0) FROM orders o "
                   "WHERE o.purchase_id = p.id) <> p.total_amount")
    books = [lab.ocop("check"), lab.ocop("ledger", "check")]
    return {
        "acknowledged": {"purchases": len(told.purchases), "payments": len(told.payments)}, "lost": lost,
        "doubled": int(doubled) + int(twice), "half_written": int(half), "books_agree": all(run.returncode == 0 for run in books),
        "books": [] if all(run.returncode == 0 for run in books) else [run.stdout + run.stderr for run in books],
        "retries": told.retries, "faults": told.faults[:10],
    }


def main():
    parser = argparse.ArgumentParser(description="The failover laboratory")
    parser.add_argument("--ocop", required=True)
    parser.add_argument("--failovers", type=int, default=20)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["killed", "frozen", "cut off"])
    parser.add_argument("--buyers", type=int, default=6)
    parser.add_argument("--pace", type=float, default=0.2, help="seconds a buyer rests, on average")
    parser.add_argument("--report", default="tests/artefacts/failover.json")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs")
    asked = parser.parse_args()
    lab, told, stop = Lab(asked), Told(), Stop()
    try:
        lab.start()
        offers = lab.offers()
        say(f"{asked.buyers} buyers, {len(offers)} offers")
        buyers = [Buyer(HTTP_PORT, offers, told, stop, asked.pace) for _ in range(asked.buyers)]
        for buyer in buyers:
            buyer.start()
        time.sleep(5)
        if not told.purchases:
            raise SystemExit(f"nobody could buy: {told.faults[:3]}, see {lab.folder}")
        failures = [fail_over(lab, told, number) for number in range(asked.failovers)]
        say(f"{len(told.purchases)} purchases acknowledged; now the servers")
        kills(lab, asked.kills)
        lab.wait_ready(60)
        stop.deadline = time.monotonic() + 60
        stop.set()
        for buyer in buyers:
            buyer.join(120)
        time.sleep(3)
        report = {"failovers": failures, "kills": asked.kills, **judge(lab, told)}
        for name in ("silent", "writable", "elected"):
            if failures:
                values = [failure[name] for failure in failures]
                report[f"seconds_{name}"] = {"p50": round(statistics.median(values), 1), "max": round(max(values), 1)}
        os.makedirs(os.path.dirname(asked.report) or ".", exist_ok=True)
        with open(asked.report, "w") as file:
            json.dump(report, file, indent=2)
        late = [failure for failure in failures if failure["silent"] > max(15, failure["writable"] + 3)]
        for name in ("acknowledged", "lost", "doubled", "half_written", "books_agree", "retries", "faults", "seconds_elected", "seconds_writable", "seconds_silent"):
            told_of = report.get(name)
            print(f"{name:16} {len(told_of)}: {told_of[:5]}" if name == "lost" else f"{name:16} {told_of}")
        good = not (report["lost"] or report["doubled"] or report["half_written"] or late or report["faults"]) and report["books_agree"]
        print("passed" if good else f"FAILED {late}")
        return 0 if good else 1
    finally:
        lab.stop()
        if not asked.keep:
            shutil.rmtree(lab.folder, ignore_errors=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
sys.exit(main())
