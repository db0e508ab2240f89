// The kiosk as a citizen meets it: at the desk and on their own phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
import { answer, begin, emptied, enrol, invite, nextPerson, otherSurvey, send, staff, storedAre, welcome } from "./support/kiosk.mjs";
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

const heading = (page, name) => page.getByRole("heading", { level: 1, name });

test("a citizen answers every question, adds what they like, and is stored as they answered", async () => {
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 404/);
    const { code } = await invite(service, { survey: "demo-service" });
    await page.goto("/kiosk");
    await axe(page);
    // A wrong code first.
    await page.getByLabel("Mã đăng ký").fill("AAAA-AAAA-AAAA");
    await page.keyboard.press("Enter");
    await page.getByText("Mã không đúng").waitFor();
    await axe(page);
    await page.getByLabel("Mã đăng ký").fill(code.toLowerCase());
    await page.keyboard.press("Enter");
    await welcome(page).waitFor();
    await page.getByText("Phường Bình Minh (mẫu)").last().waitFor();
    await axe(page);
    const since = Date.now();
    await begin(page);
    const levels = [5, 4, 3, 2, 1];
    await answer(page, (number) => (number > 16 ? null : levels[number % 5]), async (number) => {
      assert.equal(await page.locator("main [aria-pressed=true]").count(), 0, `something is chosen before anybody chose, question ${number}`);
      assert.equal(await page.locator(".level").count(), 5);
      assert.equal(await page.evaluate(() => document.activeElement.id), "question", "the new question is read out");
      if ([1, 17].includes(number)) await axe(page);
    });
    await axe(page);
    assert.equal(await page.locator("main [aria-pressed=true]").count(), 0);
    await page.getByLabel("Ông/bà có góp ý gì thêm không?").fill("Cán bộ tận tình.\n😀");
    await page.getByRole("button", { name: "35–49" }).click();
    await page.getByRole("button", { name: "Nữ" }).click();
    await page.getByRole("button", { name: "Nam" }).click();
    await page.getByRole("button", { name: "Nam" }).click();
    await send(page);
    await axe(page);
    await emptied(page);
    const [item] = await storedAre(service, undefined, 1);
    const { body } = await service.api("/v1/surveys/demo-service");
    const criteria = body.elements.flatMap((element) => element.criteria);
    const expected = Object.fromEntries(criteria.map((one, place) => [one.code, place < 16 ? levels[(place + 1) % 5] : null]));
    assert.deepEqual(item.answers, expected);
    assert.deepEqual([item.rated_agency, item.service_point, item.channel, item.age_band], ["H56.C1", "MC-H56-C1", "kiosk", "35-49"]);
    assert.equal(item.gender ?? null, null, "taken back");
    const time = Date.parse(item.answered_at);
    assert.ok(time > since - 3000 && time < Date.now() + 3000, item.answered_at);
    await nextPerson(page);
    const panel = await staff(page);
    await axe(page);
    assert.match(await panel.innerText(), /đang hoạt động/);
  });
});

test("English by one touch on every screen, and Vietnamese again for the next person", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await enrol(page, service);
    const lang = () => page.locator("html").getAttribute("lang");
    await page.getByRole("button", { name: "English" }).click();
    assert.equal(await lang(), "en");
    await heading(page, "Please rate how you were served").waitFor();
    await begin(page);
    const english = await page.locator("h1").textContent();
    await page.getByRole("button", { name: "Tiếng Việt" }).click();
    assert.equal(await lang(), "vi");
    assert.notEqual(await page.locator("h1").textContent(), english);
    await page.getByRole("button", { name: "English" }).click();
    assert.equal(await page.locator("h1").textContent(), english);
    await axe(page);
    await answer(page);
    await page.getByLabel("Is there anything you would like to add?").fill("No");
    await page.getByRole("button", { name: "Tiếng Việt" }).click();
    assert.equal(await page.locator("textarea").inputValue(), "No", "what was written stays");
    await send(page);
    await nextPerson(page);
    assert.equal(await lang(), "vi");
    await emptied(page);
  });
});

test("the keyboard is enough", async () => {
  await browser.visit(service, { reducedMotion: "reduce" }, async ({ page }) => {
    const device = await enrol(page, service);
    /** Tabs until the focus is on a control of this name, which has to be seen, and presses it. */
    const press = async (name) => {
      for (let tabs = 0; tabs < 30; tabs++) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate(() => {
          const one = document.activeElement;
          return { name: one.textContent, shown: getComputedStyle(one).outlineStyle !== "none" };
        });
        if (!name.test(focused.name)) continue;
        assert.ok(focused.shown, "the focus is seen");
        return page.keyboard.press("Enter");
      }
      assert.fail(`no control ${name}`);
    };
    await press(/^Bắt đầu$/);
    for (let number = 1; number <= 4; number++) {
      await page.getByText(`Câu ${number}/4`).waitFor();
      await page.waitForTimeout(320);
      const first = await page.locator(".level").first().innerText();
      await press(new RegExp(`^${first.trim()}$`));
    }
    await heading(page, "Góp ý thêm").waitFor();
    await page.waitForTimeout(320);
    await press(/^Gửi đánh giá$/);
    await heading(page, "Xin cảm ơn ông/bà!").waitFor();
    await storedAre(service, device, 1);
  });
});

test("whoever walks away leaves nothing to be seen", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.clock.install();
    const device = await enrol(page, service);
    const pass = (seconds) => page.clock.runFor(seconds * 1000);
    await welcome(page).click();
    await page.locator(".levels").waitFor();
    await pass(1);
    await page.locator(".level").nth(1).click();
    await page.getByText("Câu 2/4").waitFor();
    await pass(61);
    await page.getByRole("dialog", { name: "Ông/bà còn ở đó không?" }).waitFor();
    await axe(page);
    await page.getByRole("button", { name: "Tôi vẫn đang trả lời" }).click();
    await pass(30);
    assert.ok(await page.getByText("Câu 2/4").isVisible(), "still there");
    await pass(61);
    await welcome(page).waitFor();
    await welcome(page).click();
    await page.getByText("Câu 1/4").waitFor();
    assert.equal(await page.locator("main [aria-pressed=true]").count(), 0, "the answer of whoever walked away");
    await storedAre(service, device, 0);
    await page.getByRole("button", { name: "Quay lại" }).click();
    await pass(1);
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("button", { name: "Start" }).waitFor();
    await pass(61);
    await page.getByRole("button", { name: "Bắt đầu" }).waitFor();
  });
});

test("back shows what was chosen, and two touches at once are one", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await enrol(page, service);
    await begin(page);
    await page.locator(".level").nth(1).dblclick();
    await page.getByText("Câu 2/4").waitFor();
    await page.waitForTimeout(400);
    assert.ok(await page.getByText("Câu 2/4").isVisible());
    await page.getByRole("button", { name: "Quay lại" }).click();
    await page.getByText("Câu 1/4").waitFor();
    assert.equal(await page.locator(".level").nth(1).getAttribute("aria-pressed"), "true");
    assert.equal(await page.locator("main [aria-pressed=true]").count(), 1);
    await page.waitForTimeout(320);
    await page.getByRole("button", { name: "Tiếp tục" }).click();
    await page.getByText("Câu 2/4").waitFor();
  });
});

test("a form without any answer is not sent: there is nothing in it", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    const device = await enrol(page, service);
    await begin(page);
    await answer(page, () => null);
    await page.getByRole("button", { name: "Gửi đánh giá" }).click();
    await heading(page, "Ông/bà chưa đánh giá câu nào").waitFor();
    await axe(page);
    await page.getByRole("button", { name: "Quay lại" }).click();
    await page.getByText("Câu 1/4").waitFor();
    await page.waitForTimeout(320);
    await page.locator(".level").nth(2).click();
    for (let number = 2; number <= 4; number++) {
      await page.getByText(`Câu ${number}/4`).waitFor();
      await page.waitForTimeout(320);
      await page.getByRole("button", { name: "Tiếp tục" }).click();
    }
    await page.waitForTimeout(320);
    await send(page);
    const [item] = await storedAre(service, device, 1);
    assert.deepEqual(Object.values(item.answers), [2, null, null, null]);
  });
});

test("a short form is three touches, and the rest is asked on request", async () => {
  await browser.visit(service, { serviceWorkers: "block" }, async ({ page, watch }) => {
    watch.tolerate(/ERR_FAILED/);
    const code = "official.polite";
    await otherSurvey(page, "demo-service", { short_form: [code] });
    const sent = [];
    await page.route("**/v1/responses/batch", async (route) => {
      sent.push(...route.request().postDataJSON());
      await route.abort();
    });
    await enrol(page, service, { survey: "demo-service" });
    await welcome(page).click();
    await page.waitForTimeout(320);
    await page.locator(".level").nth(4).click();
    await heading(page, "Góp ý thêm").waitFor();
    await page.waitForTimeout(320);
    await send(page);
    await nextPerson(page);
    await begin(page);
    await page.locator(".level").nth(2).click();
    await page.getByRole("button", { name: "Trả lời thêm 18 câu" }).click();
    await page.getByText("Câu 2/19").waitFor();
    // Whoever regrets it is back where sending was one touch away.
    await page.waitForTimeout(320);
    await page.getByRole("button", { name: "Quay lại" }).click();
    await heading(page, "Góp ý thêm").waitFor();
    await page.getByRole("button", { name: "Trả lời thêm 18 câu" }).click();
    await page.getByText("Câu 2/19").waitFor();
    await page.waitForTimeout(320);
    await answer(page, () => 4);
    await send(page);
    await page.waitForTimeout(5000);
    const [short, full] = ["short", undefined].map((form) => sent.find((one) => one.form === form));
    assert.deepEqual([short.answers, full.answers[code], Object.keys(full.answers).length], [{ [code]: 5 }, 3, 19]);
  });
});

test("nothing is cut off at 360 pixels, with twice the text, in both schemes; targets are large enough", async () => {
  for (const [colorScheme, width, height] of [["light", 360, 640], ["dark", 800, 1280], ["light", 1280, 800]]) {
    await browser.visit(service, { colorScheme, width, height }, async ({ page }) => {
      const fits = async () => {
        const { wide, small } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth - innerWidth,
          small: [...document.querySelectorAll("button, input, textarea")].filter((one) => {
            const { width, height } = one.getBoundingClientRect();
            return width < 44 || height < 44;
          }).map((one) => one.textContent),
        }));
        assert.deepEqual([wide <= 0, small], [true, []], `${width}: ${await page.locator("h1").textContent()}`);
        await axe(page);
      };
      await enrol(page, service);
      for (const size of ["", "200%"]) {
        await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
        await fits();
        await begin(page);
        await fits();
        await answer(page);
        await fits();
        await send(page);
        await fits();
        await nextPerson(page);
      }
      await emptied(page);
    });
  }
});

test("the page can be installed", async () => {
  await browser.visit(service, {}, async ({ page, context }) => {
    await page.goto("/kiosk", { waitUntil: "networkidle" });
    const session = await context.newCDPSession(page);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // A context of tests is private, and nothing is installed from there.
    assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"), []);
    const { body } = await service.api("/kiosk/manifest.webmanifest");
    for (const icon of JSON.parse(body).icons) assert.equal((await service.api(icon.src)).status, 200, icon.src);
  });
});
