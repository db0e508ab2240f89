// The examples for integrators, run as their README says, over a network that fails.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { startProxy } from "./support/proxy.mjs";
import { idAt, seed } from "./support/seed.mjs";
import { PROGRAM, ROOT, startService } from "./support/service.mjs";
import { eventually } from "./support/waiting.mjs";

const EXAMPLES = join(ROOT, "examples");
const TOOLS = join(dirname(fileURLToPath(import.meta.url)), "node_modules/.bin");
const DESK = { kind: "device", agency: "H56.C1", servicePoint: "MC-H56-C1" };

let service, device, reader, scratch;
before(async () => {
  service = await startService();
  device = await service.client(DESK);
  await service.token(device); // so that the running service knows it
  reader = await service.tokenOf({ kind: "admin" });
  scratch = await mkdtemp(join(tmpdir(), "sipas-examples-"));
});
after(async () => {
  await service?.end();
  if (scratch) await rm(scratch, { recursive: true, force: true });
});

/** Runs a program to its end: `{ code, out, err }`. */
async function run([program, ...words], environment = {}) {
  const child = spawn(program, words, { env: { PATH: process.env.PATH, HOME: scratch, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (err += text));
  const code = await new Promise((done, failed) => child.once("error", failed).once("close", done));
  return { code, out, err };
}

const credential = (url) => ({ SIPAS_URL: url, SIPAS_CLIENT_ID: device.id, SIPAS_CLIENT_SECRET: device.secret });

/** How many responses are stored, exactly and at once. */
async function stored() {
  const { status, body } = await service.api("/v1/agencies/VN/index?survey=demo-service&from=2025-07-01&to=2100-01-01", { token: reader });
  assert.equal(status, 200, JSON.stringify(body));
  return body.whole.n;
}

/** Waits until the list of responses, which is made about a second behind the intake, has this one. */
async function listed(id) {
  await eventually(`${id} in the list`, async () => {
    const { body } = await service.api("/v1/responses?limit=1000", { token: reader });
    return body.items.some((item) => item.id === id) ? true : undefined;
  });
}

let kotlin;
/** Compiled once. */
async function kotlinJar() {
  kotlin ??= (async () => {
    const jar = join(scratch, "kiosk.jar");
    const missing = () => assert.fail("needs a Kotlin compiler and Java (Debian: apt-get install kotlin default-jdk-headless)");
    const { code, err } = await run(["kotlinc", join(EXAMPLES, "Kiosk.kt"), "-include-runtime", "-d", jar]).catch(missing);
    assert.equal(code, 0, err);
    return jar;
  })();
  return kotlin;
}

const KIOSKS = [
  ["JavaScript", async () => ["node", join(EXAMPLES, "kiosk.mjs")]],
  ["Python", async () => ["python3", join(EXAMPLES, "kiosk.py")]],
  ["Kotlin", async () => ["java", "-jar", await kotlinJar()]],
];

for (const [language, command] of KIOSKS) {
  test(`${language}: an answer that was lost, a network that is away and a service that is busy make one response, not two`, async () => {
    const known = await stored();
    const faults = ["refused", "lost", { status: 503, retryAfter: "1" }, { status: 429, retryAfter: "2" }];
    const proxy = await startProxy(service, "/v1/responses", faults);
    try {
      const { code, out, err } = await run([...(await command()), join(EXAMPLES, "response.json")], credential(proxy.url));
      assert.equal(code, 0, err);
      assert.match(out, /replayed/);
      const ids = proxy.seen.map(({ body }) => JSON.parse(body).id);
      assert.equal(ids.length, 5, err);
      assert.equal(new Set(ids).size, 1);
      assert.match(ids[0], /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.ok(Math.abs(parseInt(ids[0].replace("-", "").slice(0, 12), 16) - Date.now()) < 60_000, "the id tells the time of answering");
      const waits = proxy.seen.slice(1).map(({ at }, place) => at - proxy.seen[place].at);
      assert.ok(waits[2] >= 1000 && waits[3] >= 2000, `Retry-After was honoured: ${waits}`);
      assert.equal(await stored(), known + 1);
      await listed(ids[0]);
      assert.ok(!(out + err).includes(device.secret));
    } finally {
      await proxy.end();
    }
  });

  test(`${language}: a backlog whose answer was lost is sent again and stored once`, async () => {
    const known = await stored();
    const proxy = await startProxy(service, "/v1/responses/batch", ["lost"]);
    try {
      const { code, out, err } = await run([...(await command()), "--backlog", join(EXAMPLES, "backlog.ndjson")], credential(proxy.url));
      assert.equal(code, 0, err);
      assert.equal(out.match(/"outcome": ?"replayed"/g).length, 3, out);
      assert.equal(proxy.seen.length, 2);
      assert.equal(await stored(), known + 3);
    } finally {
      await proxy.end();
    }
  });

  test(`${language}: what breaks a rule is not sent again, and the reasons are told`, async () => {
    const response = JSON.parse(await readFile(join(EXAMPLES, "response.json"), "utf8"));
    const file = join(scratch, "refused");
    const attempt = async (body, ...words) => {
      await writeFile(file, JSON.stringify(body));
      const proxy = await startProxy(service, "/v1/responses", []);
      const ended = await run([...(await command()), ...words, file], credential(proxy.url));
      await proxy.end();
      assert.equal(proxy.seen.length, 1, "once only");
      assert.equal(ended.code, 1, ended.out);
      return ended.out + ended.err;
    };
    const off = { ...response, channel: "fax", answers: { ...response.answers, "access.signage": 6 } };
    for (const words of [[], ["--backlog"]]) {
      const told = await attempt(off, ...words);
      for (const part of ["/channel", "/answers/access.signage", "validation_failed"]) assert.ok(told.includes(part), told);
    }
    const id = idAt(Date.now());
    const token = await service.token(device);
    assert.equal((await service.api("/v1/responses", { token, json: { ...response, id } })).status, 201);
    const other = { id, ...response, answers: { ...response.answers, "access.signage": 1 } };
    assert.match(await attempt(other), /response_conflict/);
  });
}

/** The TypeScript example in a place of its own, with types of a contract; gives what the compiler says. */
async function compile(name, contract) {
  const place = join(scratch, name);
  await cp(join(EXAMPLES, "typescript"), place, { recursive: true, filter: (source) => !/(\/out|contract\.d\.ts)$/.test(source) });
  await symlink(join(TOOLS, ".."), join(place, "node_modules")).catch(() => {});
  await writeFile(join(place, "sipas.json"), JSON.stringify(contract));
  const made = await run([join(TOOLS, "openapi-typescript"), join(place, "sipas.json"), "-o", join(place, "contract.d.ts")]);
  assert.equal(made.code, 0, made.out + made.err);
  return { place, ...(await run([join(TOOLS, "tsc"), "--strict", "--project", place])) };
}

const contractFile = async () => JSON.parse(await readFile(join(ROOT, "openapi/sipas.json"), "utf8"));

test("TypeScript: types of the contract, a client, and what the service answers fit together", async () => {
  const { code, out, place } = await compile("typescript", await contractFile());
  assert.equal(code, 0, out);
  await seed(service, { agencies: ["H56.C1", "H56.C2"], responses: 60, days: 300 });
  const known = await stored();
  const ended = await run(["node", join(place, "out/main.js"), join(EXAMPLES, "response.json")], credential(service.url));
  assert.equal(ended.code, 0, ended.err);
  const [index, receipt] = ended.out.trim().split("\n").map((line) => JSON.parse(line));
  const path = "/v1/agencies/H56/index?survey=demo-service&from=2025-07-01&to=2100-01-01";
  assert.ok(index.n >= 60 && index.value > 0 && index.low < index.value && index.value < index.high, ended.out);
  assert.equal((await service.api(path)).body.whole.n, index.n + 1);
  assert.equal(receipt.replayed, false);
  assert.equal(await stored(), known + 1);
  await listed(receipt.id);
});

test("TypeScript: a contract without what the client reads does not compile", async () => {
  const spoil = [
    ["a field of an answer", /'n'/, ({ components }) => delete components.schemas.ValueBody.properties.n],
    ["a parameter", /survey/, ({ paths }) => {
      const operation = paths["/v1/agencies/{code}/index"].get;
      operation.parameters = operation.parameters.filter(({ name }) => name !== "survey");
    }],
    ["an operation", /submit_response/, ({ paths }) => delete paths["/v1/responses"].post],
  ];
  for (const [what, words, deed] of spoil) {
    const contract = await contractFile();
    deed(contract);
    const { code, out } = await compile(`spoilt-${what.replaceAll(" ", "-")}`, contract);
    assert.notEqual(code, 0, what);
    assert.match(out, words, what);
  }
});

test("the contract that the types are made from is the one that is served", async () => {
  // `cargo contract` writes the file anew. The whole difference would be pages long.
  assert.ok(isDeepStrictEqual((await service.api("/openapi.json")).body, await contractFile()), "openapi/sipas.json is another program's");
});

test("the commands of the README work as they stand", async () => {
  const text = await readFile(join(EXAMPLES, "README.md"), "utf8");
  const [first, ...blocks] = [...text.matchAll(/```sh\n(.*?)```/gs)].map((found) => found[1]);
  assert.equal(blocks.length, 3);
  // The credential is known to the running service within a second; a person takes longer than that to go on.
  const script = ["set -ex", first, "sleep 1.5", ...blocks].join("\n");
  const own = script
    .replaceAll("/tmp/", `${scratch}/`)
    .replaceAll("cargo run -q --", PROGRAM)
    .replaceAll("http://127.0.0.1:8080", service.url);
  const known = await stored();
  const { code, out, err } = await run(["sh", "-c", `cd '${ROOT}'\n${own}`], service.environment);
  assert.equal(code, 0, err);
  assert.equal(await stored(), known + 3 * (1 + 3) + 1, out);
});
