"""What Schemathesis has to know of this service, and what it is asked beyond the checks it has."""
import atexit
import collections
import io
import json
import os
import tarfile

import jsonschema_rs
import schemathesis

NDJSON = "application/x-ndjson"

# How often which operation was answered with which status; `run` sums it up.
TALLY = collections.Counter()

# Codes of 400 for a request that fits the schema: rules that a schema cannot express.
NAMED = {"invalid_cursor", "invalid_token_request", "unsupported_grant_type"}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """An empty query parameter counts as absent, as the contract says in its description; JSON Schema has no word for it."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and not parameter.get("required"):
                    parameter["schema"] = {"anyOf": [parameter["schema"], {"const": ""}]}


@schemathesis.hook
def after_call(context, case, response):
    """Counts the answer."""
    TALLY[f"{case.operation.definition.raw['operationId']} {response.status_code}"] += 1


@atexit.register
def write_tally():
    """Leaves the counts where `run` wants them."""
    with open(os.environ["SIPAS_FUZZ_TALLY"], "w") as file:
        json.dump(TALLY, file)


@schemathesis.serializer(NDJSON)
def lines(context, value):
    """One JSON value a line; what is no list is one line."""
    items = value if isinstance(value, list) else [value]
    return "".join(json.dumps(item) + "\n" for item in items).encode()


@schemathesis.deserializer(NDJSON)
def read_lines(context, response):
    """The last line of an export, which is of the documented schema; `every_line_fits` looks at the others."""
    return json.loads(response.content.splitlines()[-1])


@schemathesis.deserializer("image/png")
def read_picture(context, response):
    """A picture is a picture: its first bytes say so."""
    assert response.content.startswith(b"\x89PNG"), "no PNG"
    return response.content.hex()


@schemathesis.deserializer("application/x-tar")
def read_package(context, response):
    """A package opens and has its manifest."""
    with tarfile.open(fileobj=io.BytesIO(response.content)) as package:
        assert "manifest.json" in package.getnames(), "no manifest"
    return response.content.hex()


@schemathesis.check
def every_line_fits(context, response, case):
    """Every line of an export is what the contract says, and the last one says that it is whole."""
    if response.status_code != 200 or not response.headers.get("content-type", [""])[0].startswith(NDJSON):
        return
    raw = case.operation.schema.raw_schema
    schema = raw["paths"][case.operation.path]["get"]["responses"]["200"]["content"][NDJSON]["schema"]
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": raw["components"]})
    found = [json.loads(line) for line in response.content.splitlines()]
    assert all(validator.is_valid(line) for line in found), "a line is not of the documented schema"
    if case.operation.path == "/v1/audit/export":
        # The numbers have no gap, and the last line tells where the chain ends.
        first, numbers = found[0]["after"]["seq"] + 1, [line["seq"] for line in found[1:-1]]
        assert numbers == list(range(first, first + len(numbers))), "a gap"
        assert found[-1]["head"]["seq"] == first + len(numbers) - 1, "the last line does not tell the end"
        return
    assert found[-1].get("end") is True and found[-1]["count"] == len(found) - 1, "the last line does not tell the count"


@schemathesis.check
def only_named_refusals(context, response, case):
    """A request that fits the schema can be read: 400 only for what a schema cannot say."""
    if case.meta and case.meta.generation.mode.is_positive and response.status_code == 400:
        assert response.json()["code"] in NAMED, f"{response.json()['code']} for a request that fits the schema"


@schemathesis.check
def refusals_are_problems(context, response, case):
    """Every refusal is a problem document with a code, the same status and the id of the request."""
    if response.status_code < 400 or case.method == "HEAD" or case.operation.path.startswith("/health"):
        return
    problem = response.json()
    assert problem["status"] == response.status_code and problem["code"], "not the form of a refusal"
    assert problem["request_id"] == response.headers["x-request-id"][0], "another request id than in the header"
    if response.status_code == 422:
        assert problem["errors"], "422 names no fault"
        for fault in problem["errors"]:
            assert fault["code"] and fault["detail"], "a fault without code or detail"
            assert "pointer" in fault or "parameter" in fault or "row" in fault, "a fault without a place"


@schemathesis.check
def no_wrong_item_is_stored(context, response, case):
    """A batch whose items break the schema has at least one that is not stored, and the counts add up."""
    if case.operation.definition.raw.get("operationId") != "submit_batch" or response.status_code != 200:
        return
    reply = response.json()
    assert sum(reply["counts"].values()) == len(reply["items"]), "the counts do not add up"
    for item in reply["items"]:
        assert (item["outcome"] in ("created", "replayed")) != ("problem" in item), "outcome and problem contradict"
    if case.meta and case.meta.generation.mode.is_negative and reply["items"]:
        counts = reply["counts"]
        assert counts["rejected"] + counts["conflict"] > 0, "an item that breaks the schema was stored"
