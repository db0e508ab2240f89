// What every page has in common: headers, files, languages, and nothing from elsewhere.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
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

const PAGES = ["/", "/?lang=en", "/kiosk"];

/** Addresses of the files that a page names. */
const filesOf = (html) => [...html.matchAll(/ (?:href|src)="(\/(?:assets|kiosk|staff)\/[^"]*)"/g)].map((found) => found[1]);

for (const path of PAGES) {
  test(`${path} is a page that runs nothing but its own files`, async () => {
    const { status, headers, body } = await service.api(path);
    assert.equal(status, 200);
    assert.match(headers.get("Content-Type"), /^text\/html; *charset=utf-8$/);
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    const policy = headers.get("Content-Security-Policy");
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
    assert.doesNotMatch(body, /<style|<script(?![^>]* src=)|<[^>]*\s(style|on[a-z]+)=/i);
    // A link may lead elsewhere; nothing is fetched from there.
    assert.doesNotMatch(body, /<(?!a )[^>]*\s(src|href|srcset|data|action|poster)="(https?:)?\/\//i);
    const files = filesOf(body);
    assert.ok(files.length > 1, body);
    for (const file of files) assert.equal((await service.api(file)).status, 200, file);
  });

  test(`${path} shows itself without a fault in either scheme`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      await browser.visit(service, { colorScheme }, async ({ page, watch }) => {
        await page.goto(path, { waitUntil: "networkidle" });
        assert.ok(watch.requests.length > 1);
        assert.match(await page.locator("html").getAttribute("lang"), /^(vi|en)$/);
        await axe(page);
      });
    }
  });
}

// Without axe: swagger-ui itself has serious violations (contrast of its labels of methods, links and version; a button without a
// name), and its files are not ours to mend. Everything that the page says is also in openapi/sipas.json.
test("the page of the documentation asks nobody else", async () => {
  await browser.visit(service, {}, async ({ page, watch }) => {
    await page.goto("/docs/", { waitUntil: "networkidle" });
    await page.getByText("/v1/responses", { exact: true }).first().waitFor();
    assert.ok(watch.requests.some((request) => request.endsWith("/openapi.json")));
  });
});

test("a file is kept for ever by the address that has its version, and asked for again by the plain one", async () => {
  const versioned = filesOf((await service.api("/")).body).filter((file) => file.includes("?v="));
  assert.ok(versioned.length > 0);
  for (const file of versioned) {
    const { headers } = await service.api(file);
    assert.equal(headers.get("Cache-Control"), "public, max-age=31536000, immutable", file);
    const plain = await service.api(file.split("?")[0]);
    assert.equal(plain.headers.get("Cache-Control"), "no-cache");
    assert.equal(plain.headers.get("X-Content-Type-Options"), "nosniff");
    const stale = await service.api(file.replace(/v=.*/, "v=0000000000"));
    assert.equal(stale.headers.get("Cache-Control"), "no-cache");
  }
});

test("what did not change is not sent again", async () => {
  for (const path of ["/", "/kiosk", "/assets/base.css"]) {
    const first = await service.api(path);
    const tag = first.headers.get("ETag");
    assert.ok(tag, path);
    const again = await service.api(path, { headers: { "If-None-Match": tag } });
    assert.deepEqual([again.status, again.body, again.headers.get("ETag")], [304, "", tag], path);
    assert.equal((await service.api(path, { headers: { "If-None-Match": '"other"' } })).status, 200, path);
  }
});

test("an unknown parameter is refused with a page that says so", async () => {
  for (const [language, words] of [["vi", /lang="vi"/], ["en", /lang="en"/]]) {
    const { status, headers, body } = await service.api("/?nonsense=1", { language });
    assert.equal(status, 422);
    assert.match(headers.get("Content-Type"), /^text\/html/);
    assert.match(headers.get("Content-Security-Policy"), /default-src 'none'/);
    assert.match(body, words);
    assert.match(body, /nonsense/);
  }
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 422/);
    await page.goto("/?nonsense=1");
    await axe(page);
  });
});
