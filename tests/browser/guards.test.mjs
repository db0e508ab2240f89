// The guards of these tests themselves: a fault that they should find is found.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { openProfile, startBrowser } from "./support/browser.mjs";
import { criteriaOf, invent, seed } from "./support/seed.mjs";
import { startService } from "./support/service.mjs";

let service, browser;
before(async () => {
  service = await startService();
  browser = await startBrowser();
});
after(async () => {
  await browser?.end();
  await service?.end();
});

const guilty = [
  ["a request to another machine", /left the origin: http:\/\/example\.invalid\/x/, () => open("http://example.invalid/x")],
  ["a violation of the policy", /Content Security Policy/, () => document.body.setAttribute("style", "color: red")],
  ["an error of the console", /console: it went wrong/, () => console.error("it went wrong")],
  ["an error that nobody caught", /uncaught: .*nobody caught it/s, () => setTimeout(() => { throw new Error("nobody caught it"); })],
];

for (const [what, words, deed] of guilty) {
  test(`${what} is noticed`, async () => {
    const visit = (tolerated) => browser.visit(service, {}, async ({ page, watch }) => {
      for (const pattern of tolerated) watch.tolerate(pattern);
      await page.goto("/");
      await page.evaluate(deed);
      await page.waitForTimeout(500);
    });
    await assert.rejects(visit([]), words);
  });
}

// A worker that could not register may never answer.
test("a service worker is watched like a page", { timeout: 60_000 }, async () => {
  // What its policy forbids it, Chromium refuses without a word; so what it may ask for is looked at.
  const visit = browser.visit(service, {}, async ({ page, context, watch }) => {
    const registered = context.waitForEvent("serviceworker");
    await page.goto("/kiosk");
    const worker = await registered;
    await worker.evaluate(() => fetch("/health/live?from=worker"));
    assert.ok(watch.requests.includes(`GET ${service.url}/health/live?from=worker`));
    await worker.evaluate(() => console.error("the worker went wrong"));
    await page.waitForTimeout(500);
  });
  await assert.rejects(visit, /console: the worker went wrong/);
});

test("what another machine is asked for shows in the second net too", async () => {
  const other = await startBrowser();
  try {
    const visit = other.visit(service, {}, async ({ page, watch }) => {
      watch.tolerate(/left the origin|console/);
      await page.goto("/");
      await page.goto("http://example.invalid/y").catch(() => {});
    });
    await assert.rejects(visit, /asked another machine: GET http:\/\/example\.invalid\/y/);
  } finally {
    await other.end();
  }
});

test("a grave fault of accessibility is noticed", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.goto("/");
    await page.evaluate(() => document.querySelector("main").append(document.createElement("input")));
    await assert.rejects(axe(page), /label \(critical\)/);
  });
});

test("a profile outlives a browser that is killed, and the service is found again where it was", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sipas-profile-"));
  try {
    const first = await openProfile(directory, service, {});
    await first.page.goto("/");
    await first.page.evaluate(() => localStorage.setItem("kept", "yes"));
    // The browser writes it down some time later.
    await first.page.waitForTimeout(6000);
    await first.kill();
    const url = service.url;
    await service.kill();
    await service.start();
    assert.equal(service.url, url);
    const second = await openProfile(directory, service, {});
    await second.page.goto("/");
    assert.equal(await second.page.evaluate(() => localStorage.getItem("kept")), "yes");
    await second.close();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("invented citizens are the same for the same seed, and all of them are counted", async () => {
  const until = Date.now() - 60_000;
  const sent = await seed(service, { responses: 300, until });
  const criteria = await criteriaOf(service, "demo-service");
  assert.deepEqual(invent(criteria, { responses: 300, until }), sent);
  assert.notDeepEqual(invent(criteria, { responses: 300, until, seed: 1 }), sent);
  const token = await service.tokenOf({ kind: "admin" });
  const path = "/v1/agencies/VN/index?survey=demo-service&from=2025-07-01&to=2030-01-01";
  const { body } = await service.api(path, { token });
  assert.equal(body.whole.n, 300);
});
