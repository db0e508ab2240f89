#!/usr/bin/env python3
"""Receives events of SIPAS and verifies them (Standard Webhooks 1.0.0). Python 3.9 or newer, standard library only.

    SIPAS_WEBHOOK_SECRET=whsec_... python3 examples/webhook_receiver.py 8443

Put a proxy that speaks TLS in front: SIPAS sends to https:// and to public addresses only, unless it was started with
--webhook-allow-private true.
"""
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

TOLERANCE_SECONDS = 300  # an older or newer timestamp may be a request that somebody recorded
MAX_BODY = 1_000_000


def verify(secret, headers, body, now):
    """Raises ValueError unless the event is by whoever has the secret, and of now. The body is taken as it came:
    JSON that was read and written again has other bytes."""
    message, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("timestamp too far from now")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # Two signatures stand there while the secret is being replaced.
    for signature in headers.get("webhook-signature", "").split():
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode(), expected.encode()):
            return message
    raise ValueError("no signature fits")


class Receiver(BaseHTTPRequestHandler):
    seen = set()  # keep these in a database: an event may come again, always with the same id

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return self.reply(400)
        body = self.rfile.read(int(length))
        try:
            message = verify(os.environ["SIPAS_WEBHOOK_SECRET"], self.headers, body, time.time())
        except ValueError as error:
            print(error, file=sys.stderr)
            return self.reply(401)
        if message not in self.seen:
            event = json.loads(body)
            print(event["type"], event["data"].get("agency"), event["data"].get("kind"), flush=True)
            self.seen.add(message)  # only now: if we die before, SIPAS sends it again
        self.reply(204)

    def reply(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8443), Receiver).serve_forever()
