// The dashboard's sections: series, ranking, breakdown, comparison. Read without a script, by keyboard, on a narrow phone, with
// large text and on paper; the figures are the API's.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
import { seed } from "./support/seed.mjs";
import { startService } from "./support/service.mjs";

let service, browser;
before(async () => {
  service = await startService();
  await seed(service, { responses: 1500, days: 150 });
  browser = await startBrowser();
});
after(async () => {
  await browser?.end();
  await service?.end();
});

const SURVEY = "survey=demo-service";
/** Spans of whole months that hold all answers, whenever the test runs. */
const year = new Date(Date.now() + 7 * 3_600_000).getUTCFullYear();
const SPAN = `from=${year - 1}-01-01&to=${year + 1}-01-01`;
const PAGES = [
  `/series?${SURVEY}&${SPAN}`,
  `/series?${SURVEY}&${SPAN}&step=quarter&lang=en`,
  `/ranking?${SURVEY}&${SPAN}`,
  `/ranking?${SURVEY}&period=${year}&against=${year - 1}&level=commune&lang=en`,
  `/breakdown?${SURVEY}&${SPAN}&by=age_band`,
  `/breakdown?${SURVEY}&agency=H56.C1`,
  `/comparison?${SURVEY}&${SPAN}&agency=H56&with=H21`,
  `/comparison?${SURVEY}&agency=H56&with=lai&lang=en`,
];

const percent = (value, lang = "vi") => (lang === "vi" ? `${value.toFixed(2).replace(".", ",")}\u00a0%` : `${value.toFixed(2)}%`);

for (const path of PAGES) {
  test(`${path} is for everybody, in both schemes and on every screen`, async () => {
    for (const [width, colorScheme, size] of [[360, "light", "100%"], [360, "dark", "200%"], [800, "dark", "100%"], [1440, "light", "100%"]]) {
      await browser.visit(service, { width, colorScheme }, async ({ page }) => {
        await page.goto(path, { waitUntil: "networkidle" });
        // As a reader who has set text to twice its size.
        await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
        await axe(page);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(over, 0, `${width} px, text at ${size}: ${over} px too wide`);
      });
    }
  });
}

test("without a script the table of a ranking has the figures of the API", async () => {
  const { body } = await service.api(`/v1/agencies/VN/index/ranking?${SURVEY}&${SPAN}&level=commune`);
  const ranked = body.entries.filter((entry) => entry.rank !== null);
  assert.ok(ranked.length > 5);
  for (const width of [360, 1280]) {
    await browser.visit(service, { javaScript: false, width }, async ({ page }) => {
      await page.goto(`/ranking?${SURVEY}&${SPAN}&level=commune`);
      // Also as cards on a phone it is a table to those who listen.
      const rows = page.getByRole("table").getByRole("row");
      assert.equal(await rows.count(), ranked.length + 1);
      for (const [place, entry] of ranked.entries()) {
        const row = rows.nth(place + 1);
        assert.match(await row.getByRole("cell").first().innerText(), new RegExp(`^${entry.rank}\\b`));
        assert.equal(await row.getByRole("rowheader").innerText(), entry.name);
        assert.equal(await row.locator(".measure strong").innerText(), percent(entry.value));
      }
    });
  }
});

test("the picture of a series has a mark for each value, higher for more, and no line across a gap", async () => {
  const { body } = await service.api(`/v1/agencies/VN/index/series?${SURVEY}&${SPAN}`);
  const known = body.points.map((point) => point.value);
  const values = known.filter((value) => value !== null);
  const joined = known.filter((value, place) => place > 0 && value !== null && known[place - 1] !== null);
  await browser.visit(service, { width: 360 }, async ({ page }) => {
    await page.goto(`/series?${SURVEY}&${SPAN}`);
    const boxes = await page.locator(".plot .mark").evaluateAll((marks) => marks.map((mark) => mark.getBoundingClientRect().toJSON()));
    assert.equal(boxes.length, values.length);
    assert.equal(await page.locator(".plot .join").count(), joined.length);
    for (let place = 1; place < boxes.length; place += 1) {
      assert.ok(boxes[place].x > boxes[place - 1].x);
      const rise = values[place] - values[place - 1];
      if (Math.abs(rise) > 0.5) assert.equal(Math.sign(boxes[place - 1].y - boxes[place].y), Math.sign(rise), `${place}`);
    }
    const plot = await page.locator(".plot .lines").boundingBox();
    assert.ok(boxes.every((box) => box.y >= plot.y && box.y + box.height <= plot.y + plot.height));
  });
});

test("by keyboard alone one gets from month to quarter, and scrolls a wide table", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.goto(`/series?${SURVEY}&${SPAN}`);
    const quarter = page.getByRole("link", { name: "Quý", exact: true });
    for (let step = 0; step < 60 && !(await quarter.evaluate((link) => link === document.activeElement)); step += 1) {
      await page.keyboard.press("Tab");
    }
    await Promise.all([page.waitForURL(/step=quarter/), page.keyboard.press("Enter")]);
    assert.equal(await quarter.getAttribute("aria-current"), "true");
    await page.getByRole("region", { name: "Giá trị theo thời gian" }).focus();
    assert.equal(await page.evaluate(() => document.activeElement.className), "scroll");
  });
});

test("an agency is searched for by its name without diacritics, and compared in one sentence", async () => {
  const { body } = await service.api(`/v1/agencies/H56/index/comparison?${SURVEY}&${SPAN}&with=H21`);
  await browser.visit(service, { javaScript: false }, async ({ page }) => {
    await page.goto(`/comparison?${SURVEY}&${SPAN}&agency=H56`);
    await page.getByLabel("Với cơ quan (tên hoặc mã)").fill("gia lai");
    await page.getByRole("button", { name: "So sánh" }).click();
    await page.getByRole("link", { name: "Gia Lai (H21)" }).click();
    const sentence = await page.locator(".verdict").innerText();
    assert.ok(sentence.includes(`Thanh Hóa (${percent(body.first.value)})`), sentence);
    assert.ok(sentence.includes(`Gia Lai (${percent(body.second.value)})`), sentence);
    assert.match(sentence, body.distinguishable ? /khó là ngẫu nhiên/ : /có thể chỉ là ngẫu nhiên/);
  });
});

test("on paper there are figures and no choices", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.goto(`/ranking?${SURVEY}&${SPAN}`);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".pickers").isVisible(), false);
    assert.equal(await page.getByRole("table").isVisible(), true);
  });
});
