// The real program on a private database of its own: started, asked, stopped, started again at the same address.

import { spawn, execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "./waiting.mjs";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

const run = promisify(execFile);

/** The program that is tried. */
export const PROGRAM = resolve(process.env.SIPAS_BIN ?? join(ROOT, "target/debug/sipas"));

/** Processes of services that run: none outlives the tests, however they end. */
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill()));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** Tests answer faster than people can, and from one address; their citizens have answered for over a year. */
const SETTINGS = {
  ...Object.fromEntries(["DEVICE", "SYSTEM", "ADMIN", "ANONYMOUS", "TOKENS", "SECRETS"].map((who) => [`SIPAS_LIMIT_${who}`, "0"])),
  SIPAS_FLAG_RULES: "none",
  SIPAS_MAX_OFFLINE_DAYS: "600",
};

/**
 * Starts the service with the catalogues of `options.catalogues` (by default the shipped one and the demonstration's).
 * `options.settings` are further environment variables. Whoever starts it calls `end()`.
 */
export async function startService(options = {}) {
  // The program leaves root behind; the directory has to be reachable by whom it becomes.
  const home = await mkdtemp(join(tmpdir(), "sipas-browser-"));
  await chmod(home, 0o755);
  await mkdir(join(home, "data"));
  const service = new Service(home, { ...SETTINGS, ...options.settings });
  try {
    await service.start();
    for (const file of options.catalogues ?? [null, join(ROOT, "src/catalogue/demonstration.toml")]) {
      await service.command("catalogue", "load", ...(file === null ? [] : [file]));
    }
    await service.api("/v1/surveys/demo-service", { until: 200 });
    return service;
  } catch (error) {
    await service.end();
    throw error;
  }
}

export class Service {
  #home;
  #child = null;
  #environment;
  #tokens = new Map();
  /** Where it serves, without a slash at the end; the same after a restart. */
  url = null;

  constructor(home, settings) {
    this.#home = home;
    this.#environment = { PATH: process.env.PATH, SIPAS_DATA_DIR: join(home, "data"), SIPAS_LISTEN: "127.0.0.1:0", ...settings };
  }

  /** Environment in which another command of the program means this service. */
  get environment() {
    return { ...this.#environment };
  }

  /** Starts it, at the address it had before if it ever had one; `settings` are changed for good. */
  async start(settings = {}) {
    Object.assign(this.#environment, settings);
    const log = await open(join(this.#home, "log"), "a");
    const child = spawn(PROGRAM, ["serve"], { env: this.#environment, stdio: ["ignore", "pipe", log.fd] });
    await log.close();
    running.add(child);
    child.once("exit", () => running.delete(child));
    const line = await firstLine(child);
    if (line === null) throw new Error(`${PROGRAM} did not start:\n${await this.log()}`);
    this.#child = child;
    this.url = JSON.parse(line).url;
    this.#environment.SIPAS_LISTEN = new URL(this.url).host;
  }

  /** Asks it to stop and waits until it has. */
  async stop() {
    await this.#leave("SIGTERM");
  }

  /** `kill -9`. Its PostgreSQL stays and is taken over by the next start. */
  async kill() {
    await this.#leave("SIGKILL");
  }

  async #leave(signal) {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await gone;
  }

  /** Stops it, its PostgreSQL too, and takes all of it away. */
  async end() {
    // Only a running one stops a cluster that was left behind.
    if (this.#child === null && this.url !== null) await this.start().catch(() => {});
    await this.stop();
    await rm(this.#home, { recursive: true, force: true });
  }

  /** What it logged. */
  async log() {
    return readFile(join(this.#home, "log"), "utf8");
  }

  /** Runs another command of the program on the same database; gives what it printed. */
  async command(...arguments_) {
    const { stdout } = await run(PROGRAM, arguments_, { env: this.#environment });
    return stdout;
  }

  /** Makes a client: `{ kind, agency, servicePoint, name }`. Gives `{ id, secret }`. */
  async client({ kind, agency, servicePoint, name = kind }) {
    const place = [...(agency ? ["--agency", agency] : []), ...(servicePoint ? ["--service-point", servicePoint] : [])];
    const made = JSON.parse(await this.command("client", "create", "--kind", kind, "--name", name, ...place));
    return { id: made.client_id, secret: made.client_secret };
  }

  /** A token for a credential of `client()`. */
  async token({ id, secret }) {
    const request = {
      method: "POST",
      body: new URLSearchParams({ grant_type: "client_credentials" }),
      headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    };
    // A new client is known to a running service within a second or so.
    return eventually("a token", async () => {
      const answer = await fetch(`${this.url}/oauth/token`, request);
      return answer.ok ? (await answer.json()).access_token : undefined;
    });
  }

  /** A token for a client of the kind and place; made once and kept. */
  async tokenOf(client) {
    const key = JSON.stringify(client);
    if (!this.#tokens.has(key)) this.#tokens.set(key, await this.token(await this.client(client)));
    return this.#tokens.get(key);
  }

  /**
   * Asks the API: `{ method, token, json, body, headers, language, until }`. Gives `{ status, headers, body }`, with JSON
   * read. With `until` it asks again for some seconds until that is the status.
   */
  async api(path, { method, token, json, body = json && JSON.stringify(json), headers = {}, language = "en", until } = {}) {
    const request = {
      method: method ?? (body === undefined ? "GET" : "POST"),
      body,
      redirect: "manual",
      headers: {
        "Accept-Language": language,
        ...(json && { "Content-Type": "application/json" }),
        ...(token && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
    };
    const ask = async () => {
      const answer = await fetch(this.url + path, request);
      const text = await answer.text();
      const isJson = /^application\/(problem\+)?json\b/.test(answer.headers.get("Content-Type") ?? "");
      return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
    };
    if (until === undefined) return ask();
    return eventually(`${until} from ${path}`, async () => {
      const answer = await ask();
      return answer.status === until ? answer : undefined;
    });
  }
}

function firstLine(child) {
  return new Promise((done) => {
    let text = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (more) => {
      text += more;
      if (text.includes("\n")) done(text.split("\n")[0]);
    });
    child.once("error", () => done(null));
    child.once("exit", () => done(null));
  });
}
