"""Buyers who keep at it: a basket, a quote, a checkout under one key, a payment told of several times. What was acknowledged
is written down."""

import hashlib
import hmac
import http.client
import json
import random
import threading
import time
import urllib.parse
import uuid

SECRET = "nobody-knows-it"
ADDRESS = {"recipient": "Nguyễn Thị Lan", "phone": "0912345678", "street": "12 phố Hàng Bông", "commune_code": "00070"}


def ipn(reference, amount):
    """What VNPAY tells: signed, as a query."""
    fields = {
        "vnp_Amount": str(amount * 100), "vnp_BankCode": "NCB", "vnp_OrderInfo": f"Thanh toan {reference}",
        "vnp_PayDate": "20261124153000", "vnp_ResponseCode": "00", "vnp_TmnCode": "CHOOCOP1", "vnp_TransactionNo": "14422574",
        "vnp_TransactionStatus": "00", "vnp_TxnRef": reference,
    }
    query = urllib.parse.urlencode(fields)
    signed = hmac.new(SECRET.encode(), query.encode(), hashlib.sha512).hexdigest()
    return f"/v1/payments/vnpay/ipn?{query}&vnp_SecureHash={signed}"


class Told:
    """What was answered, over all buyers."""

    def __init__(self):
        self.lock = threading.Lock()
        self.purchases, self.payments, self.answers = [], [], []
        self.faults, self.retries = [], 0

    def answered(self):
        with self.lock:
            self.answers.append(time.monotonic())


class Buyer(threading.Thread):
    def __init__(self, port, offers, told, stop, pace):
        super().__init__(daemon=True)
        self.port, self.offers, self.told, self.stop, self.pace = port, offers, told, stop, pace
        self.line = None

    def once(self, method, path, body=None, headers=None):
        """One request; None when nobody answered, or the server said it cannot."""
        try:
            if self.line is None:
                self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            data = None if body is None else json.dumps(body)
            self.line.request(method, path, data, {"content-type": "application/json", "accept-language": "en", **(headers or {})})
            answer = self.line.getresponse()
            text = answer.read()
            if answer.status >= 500:
                return None
            return answer.status, json.loads(text or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            self.line = None
            return None

    def ask(self, method, path, body=None, headers=None):
        """Until somebody answers."""
        while True:
            answer = self.once(method, path, body, headers)
            if answer:
                # What wrote something counts as an answer of a shop that is open.
                if method == "POST" and answer[0] == 201:
                    self.told.answered()
                return answer
            with self.told.lock:
                self.told.retries += 1
            if self.stop.is_set() and time.monotonic() > self.stop.deadline:
                raise TimeoutError
            time.sleep(0.1)

    def run(self):
        while not self.stop.is_set():
            try:
                self.buy()
            except TimeoutError:
                with self.told.lock:
                    self.told.faults.append("nobody answered within a minute of the end")
                return
            except (KeyError, TypeError) as error:
                with self.told.lock:
                    self.told.faults.append(f"an answer not understood: {error!r}")
            time.sleep(random.random() * self.pace * 2)

    def buy(self):
        offers = random.sample(self.offers, 2)
        status, cart = self.ask("POST", "/v1/carts", {"items": [{"offer_id": offer, "quantity": 1} for offer in offers]})
        if status != 201:
            return
        held = {"x-cart-token": cart["token"]}
        status, quote = self.ask("POST", f"/v1/carts/{cart['id']}/quote", {"address": ADDRESS}, held)
        if status != 201:
            return
        method = random.choice(["vnpay", "cash_on_delivery"])
        form = {"cart_id": cart["id"], "quote_id": quote["id"], "payment_method": method,
                "contact": {"name": "Nguyễn Thị Lan", "phone": "0912345678", "email": "khach@example.vn"}}
        status, purchase = self.ask("POST", "/v1/checkouts", form, {**held, "idempotency-key": str(uuid.uuid4())})
        if status != 201:
            # A quote that is no longer good, or nothing left: refused, and nothing charged.
            if status not in (409, 422):
                with self.told.lock:
                    self.told.faults.append(f"a checkout was answered {status}: {purchase}")
            return
        with self.told.lock:
            self.told.purchases.append((purchase["number"], cart["id"], method))
        if method == "vnpay":
            self.pay(purchase)

    def pay(self, purchase):
        token = urllib.parse.parse_qs(urllib.parse.urlparse(purchase["orders"][0]["link"]).query)["token"][0]
        begun = {"purchase_id": purchase["id"], "method": "vnpay", "token": token}
        status, payment = self.ask("POST", "/v1/payments", begun, {"idempotency-key": str(uuid.uuid4())})
        if status != 201:
            with self.told.lock:
                self.told.faults.append(f"a payment was answered {status}: {payment}")
            return
        path = ipn(payment["reference"], purchase["total"]["amount"])
        # Told until it is taken, and then twice more.
        left = 3
        while left:
            status, word = self.ask("GET", path)
            if status == 200 and word["RspCode"] in ("00", "02"):
                left -= 1
            elif self.stop.is_set() and time.monotonic() > self.stop.deadline:
                raise TimeoutError
            else:
                time.sleep(0.1)
        with self.told.lock:
            self.told.payments.append(payment["reference"])
