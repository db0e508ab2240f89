// The dashboard as people use it: with a small screen, without a script, by keyboard, in large letters, on paper.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
import { seed } from "./support/seed.mjs";
import { startService } from "./support/service.mjs";

const QUESTION = "survey=demo-service&from=2025-07-01&to=2030-01-01";
const PROVINCE = `/?agency=H56&${QUESTION}`;

let service, browser, index;
before(async () => {
  service = await startService();
  browser = await startBrowser();
  await seed(service, { responses: 1500 });
  index = (await service.api(`/v1/agencies/H56/index?${QUESTION}`)).body;
  assert.ok(index.whole.value > 0, JSON.stringify(index));
});
after(async () => {
  await browser?.end();
  await service?.end();
});

const percent = (value) => `${value.toFixed(2).replace(".", ",")}\u00a0%`;
const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

test("the figures are those of the API, also without a script", async () => {
  for (const javaScript of [true, false]) {
    await browser.visit(service, { javaScript }, async ({ page }) => {
      await page.goto(PROVINCE);
      assert.equal(await page.locator(".figure .value").textContent(), percent(index.whole.value));
      const { low, high } = index.whole.interval;
      assert.match(await page.locator(".figure .interval").textContent(), new RegExp(`từ ${percent(low)} đến ${percent(high)}`));
      const rows = page.locator("section[aria-labelledby=elements] > table tbody tr");
      assert.equal(await rows.count(), index.elements.length);
      for (const [place, element] of index.elements.entries()) {
        const row = rows.nth(place);
        assert.equal((await row.locator("th").textContent()).trim(), element.text.vi);
        assert.equal(await row.locator("strong").textContent(), percent(element.value));
      }
    });
  }
});

test("nobody meets a barrier, in either scheme and language", async () => {
  for (const colorScheme of ["light", "dark"]) {
    await browser.visit(service, { colorScheme }, async ({ page }) => {
      for (const path of [PROVINCE, `${PROVINCE}&lang=en`, "/", "/method", "/tracker", "/tracker?agency=H56&lang=en", "/agencies?q=binh&lang=en", "/?agency=H56.D1&survey=demo-desk"]) {
        await page.goto(path);
        await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
        await axe(page);
      }
    });
  }
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 404/);
    await page.goto("/?agency=H99");
    await axe(page);
    await page.locator("main").getByRole("searchbox").fill("thanh hoa");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Thanh Hóa", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Thanh Hóa" }).waitFor();
  });
});

test("a narrow phone and large letters never scroll sideways", async () => {
  for (const [width, letters] of [[360, 16], [320, 16], [360, 32], [1280, 32]]) {
    await browser.visit(service, { width, height: 740 }, async ({ page }) => {
      for (const path of [PROVINCE, `${PROVINCE}&lang=en`, "/", "/method", "/tracker", "/agencies"]) {
        await page.goto(path);
        // What the browser's own setting does; the debugger is not bound by the policy.
        const session = await page.context().newCDPSession(page);
        await session.send("Runtime.evaluate", { expression: `document.documentElement.style.setProperty("font-size", "${letters}px")` });
        await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
        assert.ok((await page.evaluate(overflow)) <= 0, `${path} at ${width} px with letters of ${letters}`);
      }
    });
  }
});

test("by keyboard one skips to the content, opens an element and chooses another period", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.goto(PROVINCE);
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Đến nội dung" });
    assert.ok(await skip.evaluate((link) => link === document.activeElement && link.getBoundingClientRect().top >= 0));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)));
    await page.getByText(index.elements[0].text.vi, { exact: false }).locator("xpath=ancestor-or-self::summary").focus();
    await page.keyboard.press("Enter");
    await page.getByText(index.elements[0].criteria[0].text.vi).waitFor();
    await page.locator(".choose > summary").focus();
    await page.keyboard.press("Enter");
    await page.locator("select[name=period]").selectOption("2025");
    await page.getByRole("button", { name: "Xem", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/period=2025/);
    const { body } = await service.api("/v1/agencies/H56/index?survey=demo-service&period=2025");
    assert.equal(await page.locator(".figure .value").textContent(), percent(body.whole.value));
  });
});

test("the other language says the same of the same question", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.goto(`${PROVINCE}&confidence=99`);
    await page.getByRole("link", { name: "English" }).click();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    assert.equal(await page.locator(".figure .value").textContent(), `${index.whole.value.toFixed(2)}%`);
    assert.match(await page.locator(".figure .interval").textContent(), /^99% confidence interval/);
    await page.getByRole("link", { name: "Tiếng Việt" }).click();
    assert.match(await page.locator(".figure .interval").textContent(), /^Khoảng tin cậy 99/);
  });
});

test("on paper there is the figure and no control", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.goto(PROVINCE);
    const folded = page.locator(".criteria table >> nth=0");
    assert.ok(!(await folded.isVisible()));
    await page.emulateMedia({ media: "print" });
    assert.ok(await folded.isVisible(), "paper cannot be unfolded");
    assert.ok(await page.locator(".figure .value").isVisible());
    assert.ok(await page.locator("section[aria-labelledby=elements] > table").isVisible());
    for (const control of ["header.site", ".tabs", ".choose", ".files >> nth=0", "button >> nth=0"]) {
      assert.ok(!(await page.locator(control).isVisible()), control);
    }
  });
});
