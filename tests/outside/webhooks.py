"""Signatures of webhooks, verified by the standard's own library (PyPI: standardwebhooks), before and after a rotation."""
import http.server, json, os, queue, threading, urllib.request

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

BASE = os.environ["BASE"]
arrived = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        arrived.put((dict(self.headers.items()), self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def call(method, path, body=None, token=None):
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(BASE + path, data, headers, method=method), timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def refused(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
token = call("POST", "/v1/auth/login", {"login": "xanh-kim-boi@example.vn", "password": "buoi-dien-kim-boi"})["access_token"]
shop = call("GET", "/v1/me", token=token)["cooperatives"][0]["id"]
hooks = f"/v1/seller/cooperatives/{shop}/webhooks"
made = call("POST", hooks, {"url": f"http://127.0.0.1:{server.server_port}/hook", "events": ["*"]}, token)
one = f"{hooks}/{made['id']}"
secrets = [made["secret"]]
for _ in range(2):
    call("POST", f"{one}/test", {}, token)
    headers, body = arrived.get(timeout=30)
    headers = {name.lower(): value for name, value in headers.items()}
    for secret in secrets:
        event = Webhook(secret).verify(body, headers)
        assert event["type"] == "webhook.test", event
    assert refused("whsec_" + "A" * 32, body, headers), "another secret must not fit"
    assert refused(secrets[0], body + b" ", headers), "another body must not fit"
    assert refused(secrets[0], body, headers | {"webhook-id": "another"}), "another id must not fit"
    secrets.append(call("POST", f"{one}/rotate", {}, token)["secret"])
call("DELETE", one, token=token)
print("The standard's own library verifies what is sent, before and after a rotation: passed.")
