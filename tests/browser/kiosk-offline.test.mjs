// The kiosk without a network, with a wrong clock, killed, doubled, refused: nothing is lost and nothing is stored twice.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { openProfile, startBrowser } from "./support/browser.mjs";
import {
  answer, begin, emptied, enrol, held, invite, kept, nextPerson, order, rate, sendNow, staff, storedAre, turn, welcome, wrongClock,
} from "./support/kiosk.mjs";
import { startService } from "./support/service.mjs";
import { eventually } from "./support/waiting.mjs";

const HOUR = 3_600_000;
const AWAY = /ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch|status of (401|404|409|422)/;

let service, browser;
before(async () => {
  service = await startService();
  browser = await startBrowser();
});
after(async () => {
  await browser?.end();
  await service?.end();
});

/** Opens a profile, runs `body` and takes the profile away. */
async function onTablet(body) {
  const directory = await mkdtemp(join(tmpdir(), "sipas-tablet-"));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test("30 people answer without a network, over a reload and a killed browser: exactly 30 are stored", async () => {
  await onTablet(async (directory) => {
    let tablet = await openProfile(directory, service);
    tablet.watch.tolerate(AWAY);
    const device = await enrol(tablet.page, service);
    await kept(tablet.page);
    await emptied(tablet.page);
    await service.stop();
    const level = (person) => (person % 3) + 1;
    const people = async (from, to) => {
      for (let person = from; person < to; person++) {
        await rate(tablet.page, () => level(person));
        await nextPerson(tablet.page);
      }
    };
    await people(0, 10);
    await tablet.page.reload();
    await welcome(tablet.page).waitFor();
    await people(10, 20);
    // In the middle of an answer: that one was not sent, and nobody was thanked for it.
    await begin(tablet.page);
    await tablet.page.locator(".level").first().click();
    await tablet.kill();
    tablet = await openProfile(directory, service);
    tablet.watch.tolerate(AWAY);
    await tablet.page.goto("/kiosk");
    await welcome(tablet.page).waitFor();
    assert.equal((await held(tablet.page)).length, 20, "what people were thanked for is on the disk");
    await people(20, 30);
    assert.deepEqual((await held(tablet.page)).map((one) => one.seq), Array.from({ length: 30 }, (_, place) => place + 1));
    assert.doesNotMatch(await tablet.page.locator("body").innerText(), /30/, "the backlog is not for citizens");
    assert.match(await (await staff(tablet.page)).innerText(), /Phiếu chờ gửi\s+30/);
    await tablet.page.keyboard.press("Escape");
    await service.start();
    await sendNow(tablet.page);
    await emptied(tablet.page);
    const items = await storedAre(service, device, 30);
    const spread = [1, 2, 3].map((one) => items.filter((item) => Object.values(item.answers)[0] === one - 1).length);
    assert.deepEqual(spread, [10, 10, 10]);
    const receipts = await order(service, `/v1/devices/${device}/receipts`, undefined, "GET");
    assert.deepEqual([receipts.ranges, receipts.gaps], [[{ from: 1, to: 30 }], []]);
    await tablet.close();
  });
});

test("an answer that gets lost is asked for again: stored once, and kept until the receipt covers it", async () => {
  await browser.visit(service, { serviceWorkers: "block" }, async ({ page, watch }) => {
    watch.tolerate(AWAY);
    const device = await enrol(page, service);
    let lost = 0;
    await page.route("**/v1/responses/batch", async (route) => {
      await route.fetch();
      if (lost++ < 2) await route.abort();
      else await route.continue();
    });
    let blind = true;
    await page.route("**/receipts*", async (route) => (blind ? route.abort() : route.continue()));
    await rate(page);
    await eventually("the third attempt", async () => (lost >= 3 ? true : undefined), 40_000);
    await storedAre(service, device, 1);
    assert.equal((await held(page)).length, 1, "no receipt, so it is kept");
    blind = false;
    await nextPerson(page);
    await sendNow(page);
    await emptied(page);
    await storedAre(service, device, 1);
  });
});

for (const [name, ahead] of [["three hours ahead", 3 * HOUR], ["a day behind", -24 * HOUR], ["in 1970", -56 * 365 * 24 * HOUR]]) {
  test(`a clock that is ${name}, before the first contact and after: times of answering are right`, async () => {
    await browser.visit(service, {}, async ({ page, context, watch }) => {
      watch.tolerate(AWAY);
      await wrongClock(context, 0);
      const device = await enrol(page, service);
      await kept(page);
      await context.setOffline(true);
      const times = [];
      const person = async () => {
        await rate(page);
        times.push(Date.now());
        await nextPerson(page);
      };
      // Started again with a wrong clock and without a network: nobody has told this page the time.
      await page.evaluate((to) => localStorage.setItem("ahead", String(to)), ahead);
      await page.reload();
      await welcome(page).waitFor();
      await person();
      // Set right while people answer, and wrong again.
      await turn(page, 0);
      await person();
      await turn(page, ahead / 2);
      await person();
      await context.setOffline(false);
      await sendNow(page);
      await emptied(page);
      // After the contact, with the clock as wrong as it was.
      await person();
      await emptied(page);
      const items = await storedAre(service, device, 4);
      const answered = items.map((item) => Date.parse(item.answered_at)).sort((one, other) => one - other);
      answered.forEach((time, place) => assert.ok(Math.abs(time - times[place]) < 20_000, `${place}: ${(time - times[place]) / 1000} s off`));
    });
  });
}

test("two windows are one kiosk, and the second goes on where the first is closed", async () => {
  await browser.visit(service, {}, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    const device = await enrol(page, service);
    await rate(page);
    const other = await context.newPage();
    await other.goto("/kiosk");
    await other.getByText("Trang này đang mở ở một cửa sổ khác").waitFor();
    await axe(other);
    await nextPerson(page);
    await context.setOffline(true);
    await rate(page);
    await page.close();
    await welcome(other).waitFor();
    await rate(other);
    await context.setOffline(false);
    await emptied(other);
    await storedAre(service, device, 3);
  });
});

test("what the service refuses is kept and shown to staff with the reason", async () => {
  await browser.visit(service, {}, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    const device = await enrol(page, service);
    await context.setOffline(true);
    await rate(page);
    await nextPerson(page);
    // The register says that the device stands in another province now; it does not know yet and asks about the old one.
    await order(service, `/v1/devices/${device}/move`, { service_point: "MC-H21-C1" });
    await rate(page);
    await nextPerson(page);
    await context.setOffline(false);
    await eventually("the refusal", async () => ((await held(page)).some((one) => one.refused) ? true : undefined));
    await storedAre(service, device, 1);
    const [refused, ...none] = await held(page);
    assert.deepEqual([refused.seq, none], [2, []]);
    await page.getByText("Phường Đông Hải (mẫu)").last().waitFor();
    const panel = await staff(page);
    assert.match(await panel.innerText(), /Phiếu bị từ chối\s+1/);
    assert.match(await panel.innerText(), /№ 2/);
    await axe(page);
    await panel.getByRole("button", { name: "Gửi lại phiếu bị từ chối" }).click();
    await eventually("refused again", async () => ((await held(page))[0]?.refused ? true : undefined));
    await rate(page);
    const [, later] = await storedAre(service, device, 2);
    assert.deepEqual([later.rated_agency, later.service_point], ["H21.C1", "MC-H21-C1"]);
  });
});

test("a suspended device says so, keeps what it holds, and sends it when it is resumed; a revoked one when it is enrolled anew", async () => {
  await browser.visit(service, {}, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    const device = await enrol(page, service);
    await context.setOffline(true);
    await rate(page);
    await nextPerson(page);
    await order(service, `/v1/devices/${device}/suspend`);
    await context.setOffline(false);
    await page.getByText("Máy này đang tạm ngừng phục vụ").waitFor();
    await axe(page);
    assert.equal((await held(page)).length, 1);
    await order(service, `/v1/devices/${device}/resume`);
    await sendNow(page);
    await welcome(page).waitFor();
    await emptied(page);
    await storedAre(service, device, 1);
    await context.setOffline(true);
    await rate(page);
    await nextPerson(page);
    await order(service, `/v1/devices/${device}/revoke`);
    await context.setOffline(false);
    await page.getByText("Máy này đã ngừng phục vụ").waitFor();
    assert.equal((await held(page)).length, 1);
    const { code } = await invite(service);
    await (await staff(page)).getByRole("button", { name: "Đăng ký lại máy" }).click();
    await page.getByText("Đăng ký lại sẽ thay thế").waitFor();
    await axe(page);
    await page.getByLabel("Mã đăng ký").fill(code);
    await page.getByRole("button", { name: "Đăng ký", exact: true }).click();
    await welcome(page).waitFor();
    await emptied(page);
    await storedAre(service, device, 1);
  });
});

/** From `globalThis.full = true` on every transaction that writes is given up as one is for which there is no room; deleting works. */
function smallDisk() {
  for (const name of ["add", "put"]) {
    const write = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (...given) {
      const [request, { transaction }] = [write.apply(this, given), this];
      if (!globalThis.full || transaction.isFull) return request;
      transaction.isFull = true;
      Object.defineProperty(transaction, "error", { value: new DOMException("no room", "QuotaExceededError") });
      queueMicrotask(() => transaction.abort());
      return request;
    };
  }
}

test("a full disk is said, nobody is thanked for what is not kept, and what waits is still sent", async () => {
  await browser.visit(service, {}, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    await page.addInitScript(smallDisk);
    const full = (is) => page.evaluate((is) => { globalThis.full = is; }, is);
    const device = await enrol(page, service);
    await kept(page);
    await context.setOffline(true);
    await rate(page);
    await nextPerson(page);
    await begin(page);
    await answer(page);
    await full(true);
    await page.getByRole("button", { name: "Gửi đánh giá" }).click();
    await page.getByText("Bộ nhớ của máy đã đầy").waitFor();
    assert.equal(await page.getByText("Xin cảm ơn").count(), 0);
    await axe(page);
    await context.setOffline(false);
    await storedAre(service, device, 1);
    await emptied(page);
    assert.ok(await page.getByText("Bộ nhớ của máy đã đầy").isVisible());
    await full(false);
    await page.getByRole("button", { name: "Thử lại" }).click();
    await page.getByText("Xin cảm ơn").waitFor();
    await storedAre(service, device, 2);
  });
});
