// A kiosk's sending part in JavaScript: Node 18 or newer, nothing else.
//
//     node examples/kiosk.mjs FILE.json                one response
//     node examples/kiosk.mjs --backlog FILE.ndjson    a backlog, one response a line, in bulk
//
// SIPAS_URL, SIPAS_CLIENT_ID and SIPAS_CLIENT_SECRET come from the environment: a command line can be read by every process.
// Prints what became of each response; ends with 1 if one was refused.

import { getRandomValues } from "node:crypto";
import { readFile } from "node:fs/promises";

const ATTEMPTS = 10; // a real kiosk never gives up: it keeps the response and comes back
const PATIENCE = 30_000; // milliseconds for one attempt
const LONGEST = 60_000; // milliseconds between two
const BULK = 500; // responses a request; the service takes 1,000 and 4 MiB

/** The service has said no, and would again. */
class Refused extends Error {
  constructor(problem) {
    const faults = (problem.errors ?? []).map(({ pointer, parameter, detail }) => `\n  ${pointer ?? parameter ?? ""}: ${detail}`);
    super(`${problem.code}: ${problem.title}${problem.detail ? ` (${problem.detail})` : ""}${faults.join("")}`);
    this.problem = problem;
  }
}

/** The problem document of a refusal; something in between may have answered with another text. */
function problemOf(status, text) {
  try {
    return JSON.parse(text);
  } catch {
    return { status, code: `status ${status}`, title: text.slice(0, 200) };
  }
}

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, which are the time of answering, then random bits. */
function newId(now = Date.now()) {
  const bytes = getRandomValues(new Uint8Array(16));
  for (let place = 5, rest = now; place >= 0; place -= 1, rest = Math.floor(rest / 256)) bytes[place] = rest % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return Buffer.from(bytes).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Milliseconds to wait: what the service asks for, otherwise longer each time; spread, so that a hall of kiosks does not
 * come back as one.
 */
function pause(attempt, retryAfter) {
  const asked = Number(retryAfter) * 1000 || Math.max(0, Date.parse(retryAfter ?? "") - Date.now()) || 0;
  return asked > 0 ? asked * (1 + Math.random() / 4) : Math.random() * Math.min(LONGEST, 1000 * 2 ** attempt);
}

/** Sends until there is an answer that counts. Safe to repeat: the ids in the body stay the same. */
async function send(path, request) {
  for (let attempt = 0; ; attempt += 1) {
    let why, retryAfter;
    try {
      const url = new URL(path, process.env.SIPAS_URL);
      const answer = await fetch(url, { method: "POST", signal: AbortSignal.timeout(PATIENCE), ...request });
      const text = await answer.text(); // may break off, too
      if (answer.ok) return JSON.parse(text);
      if (![408, 429].includes(answer.status) && answer.status < 500) throw new Refused(problemOf(answer.status, text));
      [why, retryAfter] = [`status ${answer.status}`, answer.headers.get("Retry-After")];
    } catch (error) {
      if (error instanceof Refused) throw error;
      why = error.cause?.message ?? error.message; // no network, or the answer was lost: it may be stored, so the same id again
    }
    if (attempt + 1 === ATTEMPTS) throw new Error(`${ATTEMPTS} attempts, the last: ${why}`);
    const wait = pause(attempt, retryAfter);
    console.error(`${why}; again in ${(wait / 1000).toFixed(1)} s`);
    await new Promise((done) => setTimeout(done, wait));
  }
}

let token = { text: null, until: 0 }; // by a clock that nobody sets

/** The token, fetched anew a minute before it is over. */
async function bearer() {
  if (performance.now() > token.until) {
    const credential = `${process.env.SIPAS_CLIENT_ID}:${process.env.SIPAS_CLIENT_SECRET}`;
    const answer = await send("/oauth/token", {
      headers: { Authorization: `Basic ${Buffer.from(credential).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    token = { text: answer.access_token, until: performance.now() + (answer.expires_in - 60) * 1000 };
  }
  return token.text;
}

/** Sends with a token, and once more with a new one if it was over early. */
async function post(path, type, body) {
  const headers = { "Content-Type": type, "Accept-Language": "en" };
  const attempt = async () => send(path, { body, headers: { ...headers, Authorization: `Bearer ${await bearer()}` } });
  try {
    return await attempt();
  } catch (error) {
    if (error.problem?.status !== 401) throw error;
    token.until = 0;
    return attempt();
  }
}

/** 201 is stored now, 200 with `replayed` was stored before: success both. */
async function sendOne(response) {
  const { id, replayed } = await post("/v1/responses", "application/json", JSON.stringify(response));
  console.log(JSON.stringify({ id, outcome: replayed ? "replayed" : "created" }));
  return true;
}

/** Each has an outcome of its own: drop what is created or replayed, keep and show to a person what is not. */
async function sendBacklog(responses) {
  let good = true;
  for (let from = 0; from < responses.length; from += BULK) {
    const lines = responses.slice(from, from + BULK).map((response) => JSON.stringify(response));
    for (const { id, outcome, problem } of (await post("/v1/responses/batch", "application/x-ndjson", lines.join("\n"))).items) {
      console.log(JSON.stringify({ id, outcome }));
      if (problem) [good] = [false, console.error(`${id}: ${new Refused(problem).message}`)];
    }
  }
  return good;
}

// The id belongs to the response from the moment the citizen finishes. A kiosk writes both down before the first attempt.
const withId = (response) => ({ id: newId(), ...response });

try {
  const backlog = process.argv[2] === "--backlog";
  const text = await readFile(process.argv[backlog ? 3 : 2], "utf8");
  const lines = backlog ? text.split("\n").filter((line) => line.trim()) : [text];
  const responses = lines.map((line) => withId(JSON.parse(line)));
  if (!(await (backlog ? sendBacklog(responses) : sendOne(responses[0])))) process.exitCode = 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
