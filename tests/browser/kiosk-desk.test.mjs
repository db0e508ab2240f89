// What whoever looks after a kiosk meets: choosing a survey, surveys that are over, the panel that citizens do not find.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
import { enrol, invite, otherSurvey, rate, storedAre, welcome } from "./support/kiosk.mjs";
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

test("a device that is bound to no survey asks once which one", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    const { code } = await invite(service, { survey: undefined });
    await page.goto(`/kiosk#enrol=${code}`);
    await page.getByRole("button", { name: "Đăng ký" }).click();
    await page.getByRole("heading", { name: "Máy này dùng cho đợt khảo sát nào?" }).waitFor();
    await axe(page);
    await page.getByRole("button", { name: "Đánh giá hồ sơ mẫu" }).click();
    await welcome(page).waitFor();
    await page.reload();
    await rate(page, () => 3);
    const [item] = await storedAre(service, undefined, 1);
    assert.deepEqual([item.survey, Object.values(item.answers)], ["demo-desk", [2, 2, 2, 2]]);
  });
});

for (const [name, change, words] of [
  ["is over", { state: "closed", closes_on: "2026-01-01" }, "Đợt khảo sát này hiện không mở."],
  ["has not begun", { state: "planned", opens_on: "2999-01-01" }, "Đợt khảo sát này hiện không mở."],
  ["wants a visit", { visits: "required" }, "Xin quét mã trên giấy hẹn để đánh giá."],
]) {
  test(`a survey that ${name} is not asked, until it may be`, async () => {
    await browser.visit(service, { serviceWorkers: "block" }, async ({ page }) => {
      const restore = await otherSurvey(page, "demo-desk", change);
      const { code } = await invite(service);
      await page.goto(`/kiosk#enrol=${code}`);
      await page.getByRole("button", { name: "Đăng ký" }).click();
      await page.getByText(words).waitFor();
      await axe(page);
      assert.equal(await welcome(page).count(), 0);
      if (!change.state) return;
      await restore();
      await page.reload();
      await welcome(page).waitFor();
    });
  });
}

test("staff find the panel by holding the corner; a touch, or holding elsewhere, shows nothing", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await enrol(page, service);
    const hold = async (x, y, milliseconds) => {
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.waitForTimeout(milliseconds);
      await page.mouse.up();
    };
    await hold(20, 20, 500);
    await hold(1260, 780, 3300);
    await page.waitForTimeout(3000);
    assert.equal(await page.getByRole("dialog").count(), 0);
    await hold(20, 20, 3300);
    await page.getByRole("dialog", { name: "Dành cho cán bộ" }).waitFor();
    await page.getByRole("button", { name: "Đóng" }).click();
    assert.equal(await page.getByRole("dialog").count(), 0);
  });
});
