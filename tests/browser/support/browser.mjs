// A real Chromium that nobody outside of the service is asked by, and what it complains about.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { constants, accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { eventually } from "./waiting.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** What Chromium asks for itself, whatever the page: time, updates, accounts. The proxy answers none of it. */
const OWN = /^[A-Z]+ (http:\/\/)?[a-z0-9.-]+\.(google|googleapis|gvt1)\.com[:/]/;

/** The browser: `SIPAS_CHROMIUM`, or one in `PATH`. Without one the tests fail; none is skipped. */
function program() {
  const places = (process.env.PATH ?? "").split(delimiter).flatMap((place) => NAMES.map((name) => join(place, name)));
  for (const place of [process.env.SIPAS_CHROMIUM, ...places]) {
    try {
      if (place) accessSync(place, constants.X_OK);
      if (place) return place;
    } catch {
      // The next one.
    }
  }
  throw new Error("the browser tests need Chromium: install it (Debian: apt-get install chromium) or name it in SIPAS_CHROMIUM");
}

/**
 * A proxy that every request to another machine would take, whoever in the browser makes it. It answers none and keeps what was
 * asked: the second net under the events of the pages.
 */
async function outside() {
  const asked = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      asked.push(bytes.toString("latin1").split("\r\n")[0]);
      socket.end("HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return { asked, server, address: `127.0.0.1:${server.address().port}` };
}

async function settings() {
  const beyond = await outside();
  const args = [`--proxy-server=${beyond.address}`, "--proxy-bypass-list=127.0.0.1"];
  // Chromium's sandbox does not work for root.
  const chromiumSandbox = process.getuid() !== 0;
  return { beyond, launch: { executablePath: program(), args, chromiumSandbox } };
}

function contextSettings({ width = 1280, height = 800, javaScript = true, ...others } = {}) {
  return { viewport: { width, height }, javaScriptEnabled: javaScript, locale: "vi-VN", timezoneId: "Asia/Ho_Chi_Minh", ...others };
}

/** Notes what goes wrong in the pages of a context, until `check` fails with it. */
class Watch {
  #faults = [];
  #tolerated = [];
  #beyond;
  /** Every request of the context, as `METHOD URL`. */
  requests = [];

  constructor(context, origin, beyond) {
    this.#beyond = beyond;
    context.on("request", (request) => {
      const url = new URL(request.url());
      this.requests.push(`${request.method()} ${request.url()}`);
      if (!["data:", "blob:"].includes(url.protocol) && url.origin !== origin) this.#faults.push(`left the origin: ${request.url()}`);
    });
    // Violations of the Content-Security-Policy are errors of the console; a service worker's console is among them.
    const listen = (message) => message.type() === "error" && this.#faults.push(`console: ${message.text()} (${message.location().url})`);
    context.on("console", listen);
    context.on("weberror", (error) => this.#faults.push(`uncaught: ${error.error().stack || error.error()}`));
    context.on("page", (page) => page.on("crash", () => this.#faults.push(`crashed: ${page.url()}`)));
  }

  /** Errors of the console that the test brings about itself, for example of an answer 422 or of a network that is away. */
  tolerate(pattern) {
    this.#tolerated.push(pattern);
  }

  check() {
    const faults = this.faults();
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }

  /** What went wrong so far, and was not tolerated. */
  faults() {
    const beyond = this.#beyond.asked.splice(0).filter((line) => !OWN.test(line)).map((line) => `asked another machine: ${line}`);
    return [...this.#faults, ...beyond].filter((fault) => !this.#tolerated.some((pattern) => pattern.test(fault)));
  }
}

/** Starts the browser; one is enough for a file of tests. Whoever starts it calls `end()`. */
export async function startBrowser() {
  const { beyond, launch } = await settings();
  const browser = await chromium.launch(launch);
  return new Browser(browser, beyond);
}

class Browser {
  #browser;
  #beyond;

  constructor(browser, beyond) {
    this.#browser = browser;
    this.#beyond = beyond;
  }

  /**
   * Runs `body({ page, context, watch })` in a context of its own whose addresses are relative to the service, then fails if
   * a request left the origin or the console has an error. `options`: `width`, `height`, `javaScript`, and those of
   * Playwright's `newContext` (`colorScheme`, `locale`, `reducedMotion`, …).
   */
  async visit(service, options, body) {
    const context = await this.#browser.newContext({ baseURL: service.url, ...contextSettings(options) });
    const watch = new Watch(context, service.url, this.#beyond);
    try {
      await body({ page: await context.newPage(), context, watch });
      watch.check();
    } catch (error) {
      // Why a page did not do what was expected often stands there.
      error.message = [error.message, ...watch.faults().filter((fault) => !error.message.includes(fault))].join("\n");
      throw error;
    } finally {
      await context.close();
    }
  }

  async end() {
    await this.#browser.close();
    this.#beyond.server.close();
  }
}

/**
 * Opens a browser on the profile in `directory`, which stays: open it again after `close()` or `kill()` and what the page
 * kept is there. Gives `{ page, context, watch, close, kill }`; `close` checks as `visit` does. Options as there.
 */
export async function openProfile(directory, service, options) {
  const { beyond, launch } = await settings();
  const context = await chromium.launchPersistentContext(directory, { baseURL: service.url, ...contextSettings(options), ...launch });
  const watch = new Watch(context, service.url, beyond);
  return {
    context,
    watch,
    page: context.pages()[0] ?? (await context.newPage()),
    async close() {
      await context.close();
      beyond.server.close();
      watch.check();
    },
    /** `kill -9` of the browser's first process; its children go with it. */
    async kill() {
      const gone = once(context, "close");
      process.kill(await firstProcess(directory), "SIGKILL");
      await gone;
      await eventually("the end of the browser", async () => ((await processes(directory)).length === 0 ? true : undefined));
      beyond.server.close();
    },
  };
}

async function firstProcess(directory) {
  const all = await processes(directory);
  const first = all.find(({ line }) => !line.some((word) => word.startsWith("--type=")));
  assert.ok(first, `no browser on ${directory}`);
  return first.pid;
}

/** Processes of the browser on a profile. */
async function processes(directory) {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const read = async (pid) => ({ pid, line: (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0") });
  return (await Promise.all(pids.map(read))).filter(({ line }) => line.includes(`--user-data-dir=${directory}`));
}
