"""A kiosk's sending part in Python 3.9 or newer, standard library only.

    python3 examples/kiosk.py FILE.json                one response
    python3 examples/kiosk.py --backlog FILE.ndjson    a backlog, one response a line, in bulk

SIPAS_URL, SIPAS_CLIENT_ID and SIPAS_CLIENT_SECRET come from the environment: a command line can be read by every process.
Prints what became of each response; ends with 1 if one was refused.
"""
import base64
import email.utils
import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

ATTEMPTS = 10  # a real kiosk never gives up: it keeps the response and comes back
PATIENCE = 30  # seconds for one attempt
LONGEST = 60  # seconds between two
BULK = 500  # responses a request; the service takes 1,000 and 4 MiB


class Refused(Exception):
    """The service has said no, and would again."""

    def __init__(self, problem):
        faults = [f"\n  {fault.get('pointer') or fault.get('parameter') or ''}: {fault['detail']}"
                  for fault in problem.get("errors") or []]
        detail = f" ({problem['detail']})" if problem.get("detail") else ""
        super().__init__(f"{problem['code']}: {problem['title']}{detail}{''.join(faults)}")
        self.problem = problem


def problem_of(status, text):
    """The problem document of a refusal; something in between may have answered with another text."""
    try:
        return json.loads(text)
    except ValueError:
        return {"status": status, "code": f"status {status}", "title": text[:200].decode(errors="replace")}


def new_id(now=None):
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, which are the time of answering, then random bits."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    number = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def pause(attempt, retry_after):
    """Seconds to wait: what the service asks for, otherwise longer each time; spread, so that a hall of kiosks does not
    come back as one."""
    asked = 0.0
    if retry_after and retry_after.isdigit():
        asked = float(retry_after)
    elif retry_after and (date := email.utils.parsedate_tz(retry_after)):
        asked = max(0.0, email.utils.mktime_tz(date) - time.time())
    return asked * (1 + random.random() / 4) if asked else random.random() * min(LONGEST, 2**attempt)


def send(path, headers, body):
    """Sends until there is an answer that counts. Safe to repeat: the ids in the body stay the same."""
    request = urllib.request.Request(urllib.parse.urljoin(os.environ["SIPAS_URL"], path), body, headers, method="POST")
    for attempt in range(ATTEMPTS):
        retry_after = None
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429) and error.code < 500:
                raise Refused(problem_of(error.code, error.read())) from None
            why, retry_after = f"status {error.code}", error.headers.get("Retry-After")
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = str(error)  # no network, or the answer was lost: it may be stored, so the same id again
        if attempt + 1 < ATTEMPTS:
            wait = pause(attempt, retry_after)
            print(f"{why}; again in {wait:.1f} s", file=sys.stderr)
            time.sleep(wait)
    raise ConnectionError(f"{ATTEMPTS} attempts, the last: {why}")


token = {"text": None, "until": 0.0}  # by a clock that nobody sets


def bearer():
    """The token, fetched anew a minute before it is over."""
    if time.monotonic() > token["until"] or token["text"] is None:
        credential = f"{os.environ['SIPAS_CLIENT_ID']}:{os.environ['SIPAS_CLIENT_SECRET']}"
        headers = {"Authorization": "Basic " + base64.b64encode(credential.encode()).decode()}
        answer = send("/oauth/token", headers, b"grant_type=client_credentials")
        token.update(text=answer["access_token"], until=time.monotonic() + answer["expires_in"] - 60)
    return token["text"]


def post(path, media_type, body):
    """Sends with a token, and once more with a new one if it was over early."""

    def attempt():
        headers = {"Authorization": f"Bearer {bearer()}", "Content-Type": media_type, "Accept-Language": "en"}
        return send(path, headers, body.encode())

    try:
        return attempt()
    except Refused as refused:
        if refused.problem["status"] != 401:
            raise
        token["text"] = None
        return attempt()


def send_one(response):
    """201 is stored now, 200 with `replayed` was stored before: success both."""
    stored = post("/v1/responses", "application/json", json.dumps(response))
    print(json.dumps({"id": stored["id"], "outcome": "replayed" if stored["replayed"] else "created"}))
    return True


def send_backlog(responses):
    """Each has an outcome of its own: drop what is created or replayed, keep and show to a person what is not."""
    good = True
    for start in range(0, len(responses), BULK):
        lines = "\n".join(json.dumps(response) for response in responses[start : start + BULK])
        for item in post("/v1/responses/batch", "application/x-ndjson", lines)["items"]:
            print(json.dumps({"id": item["id"], "outcome": item["outcome"]}))
            if item.get("problem"):
                good = False
                print(f"{item['id']}: {Refused(item['problem'])}", file=sys.stderr)
    return good


def main(arguments):
    backlog = arguments[0] == "--backlog"
    with open(arguments[-1], encoding="utf-8") as file:
        lines = [line for line in file if line.strip()] if backlog else [file.read()]
    # The id belongs to the response from the moment the citizen finishes. A kiosk writes both down before the first attempt.
    responses = [{"id": new_id(), **json.loads(line)} for line in lines]
    try:
        return 0 if (send_backlog(responses) if backlog else send_one(responses[0])) else 1
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
