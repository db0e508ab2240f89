// A citizen's own phone, with the link that the receipt of their visit holds.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
import { answer, begin, enrol, kept, nextPerson, rate, stored, storedAre, welcome } from "./support/kiosk.mjs";
import { startService } from "./support/service.mjs";

const PHONE = { width: 360, height: 640, hasTouch: true, isMobile: true };
const AWAY = /ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch|status of (401|409)/;

let service, browser;
before(async () => {
  service = await startService();
  browser = await startBrowser();
});
after(async () => {
  await browser?.end();
  await service?.end();
});

/** A receipt's link, as a path. */
async function receipt(agency = "H56.C2") {
  const token = await service.tokenOf({ kind: "system", agency: "H56" });
  const json = { survey: "demo-desk", rated_agency: agency, service_point: "MC-H56-C1" };
  const { status, body } = await service.api("/v1/visits", { token, json });
  assert.equal(status, 201, JSON.stringify(body));
  const link = new URL(body.items[0].link);
  return link.pathname + link.hash;
}

const count = async () => (await stored(service)).length;

test("a visit is rated once, from any phone", async () => {
  const [link, before_] = [await receipt(), await count()];
  // Another phone has opened the link before.
  await browser.visit(service, PHONE, async ({ page: other, watch: otherWatch }) => {
    otherWatch.tolerate(AWAY);
    await other.goto(link);
    await begin(other);
    await browser.visit(service, PHONE, async ({ page, watch }) => {
      await page.goto(link);
      await welcome(page).waitFor();
      assert.ok(!page.url().includes("visit="), "the token is out of the address");
      await page.getByText("Phường Hòa Sơn (mẫu)").last().waitFor();
      await axe(page);
      await rate(page, () => 3);
      assert.equal(await page.getByRole("button", { name: "Người tiếp theo" }).count(), 0);
      assert.ok(watch.requests.every((request) => !request.includes("visit=")), "a fragment is sent to nobody");
      const items = await storedAre(service, undefined, before_ + 1);
      const item = items.at(-1);
      assert.deepEqual([item.channel, item.rated_agency, item.service_point], ["own_phone", "H56.C2", "MC-H56-C1"]);
      await page.reload();
      await page.getByText("Xin cảm ơn").waitFor();
    });
    await answer(other);
    await other.getByRole("button", { name: "Gửi đánh giá" }).click();
    await other.getByText("Lượt giao dịch này đã được đánh giá rồi").waitFor();
    await axe(other);
  });
  await storedAre(service, undefined, before_ + 1);
});

test("whoever opens the link of a visit that was rated is told before answering, on a phone and at a kiosk", async () => {
  const [link, before_] = [await receipt(), await count()];
  await browser.visit(service, PHONE, async ({ page }) => {
    await page.goto(link);
    await rate(page, () => 3);
  });
  await storedAre(service, undefined, before_ + 1);
  const used = (page) => page.getByText("Lượt giao dịch này đã được đánh giá rồi");
  await browser.visit(service, PHONE, async ({ page }) => {
    await page.goto(link);
    await used(page).waitFor();
    await axe(page);
    await page.reload();
    await used(page).waitFor();
  });
  await browser.visit(service, {}, async ({ page }) => {
    await enrol(page, service);
    await page.goto(link);
    await used(page).waitFor();
    await page.getByRole("button", { name: "Người tiếp theo" }).click();
    await welcome(page).waitFor();
  });
  await storedAre(service, undefined, before_ + 1);
});

test("what is sent without a network is kept, over closing the page, until there is one", async () => {
  const [link, before_] = [await receipt(), await count()];
  await browser.visit(service, PHONE, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    await page.goto(link);
    await begin(page);
    await kept(page);
    await answer(page);
    await context.setOffline(true);
    await page.getByRole("button", { name: "Gửi đánh giá" }).click();
    await page.getByRole("heading", { name: "Chưa gửi được" }).waitFor();
    await axe(page);
    assert.equal(await page.getByText("Xin cảm ơn").count(), 0, "nobody is thanked for what is not sent");
    await page.close();
    const again = await context.newPage();
    await again.goto("/kiosk");
    await again.getByRole("heading", { name: "Chưa gửi được" }).waitFor();
    await context.setOffline(false);
    await again.getByText("Xin cảm ơn").waitFor();
    await storedAre(service, undefined, before_ + 1);
    const left = await again.evaluate(() => new Promise((done) => {
      indexedDB.open("sipas-kiosk").onsuccess = ({ target }) => {
        target.result.transaction("visits").objectStore("visits").getAll().onsuccess = ({ target: all }) => done(all.result);
      };
    }));
    assert.deepEqual(left.map((one) => [one.state, one.response]), [["done", undefined]], "answers are forgotten once they are stored");
  });
});

test("two windows with one link are one citizen", async () => {
  const [link, before_] = [await receipt(), await count()];
  await browser.visit(service, PHONE, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    const other = await context.newPage();
    for (const one of [page, other]) {
      await one.goto(link);
      await begin(one);
      await answer(one);
    }
    await context.setOffline(true);
    for (const one of [page, other]) await one.getByRole("button", { name: "Gửi đánh giá" }).click();
    await context.setOffline(false);
    for (const one of [page, other]) await one.getByText("Xin cảm ơn").waitFor();
    await storedAre(service, undefined, before_ + 1);
  });
});

test("a link that is none says so, and a network that is away can be tried again", async () => {
  await browser.visit(service, PHONE, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    await page.goto(`/kiosk#visit=V1${"A".repeat(180)}`);
    await page.getByText("Không mở được phiếu đánh giá").waitFor();
    await axe(page);
    await page.goto("about:blank");
    await page.goto("/kiosk#visit=%E0%A4%A");
    await page.getByText("Không mở được phiếu đánh giá").waitFor();
    await kept(page);
    const link = await receipt();
    await context.setOffline(true);
    await page.goto(link);
    await page.getByText("Không kết nối được").waitFor();
    await context.setOffline(false);
    await page.getByRole("button", { name: "Thử lại" }).click();
    await welcome(page).waitFor();
  });
});

test("a kiosk that opens a receipt's link rates that visit and goes on with its own desk", async () => {
  const [link, before_] = [await receipt(), await count()];
  await browser.visit(service, {}, async ({ page }) => {
    const device = await enrol(page, service);
    await page.goto(link);
    await page.getByText("Phường Hòa Sơn (mẫu)").last().waitFor();
    await rate(page, () => 2);
    await nextPerson(page);
    await page.getByText("Phường Bình Minh (mẫu)").last().waitFor();
    await rate(page, () => 2);
    const items = (await storedAre(service, undefined, before_ + 2)).slice(-2);
    assert.deepEqual(items.map((item) => [item.client, item.rated_agency, item.channel]), [[device, "H56.C2", "kiosk"], [device, "H56.C1", "kiosk"]]);
  });
});

test("a kiosk says at once that a visit is not for its desk or survey", async () => {
  const before_ = await count();
  const other = await receipt();
  await browser.visit(service, {}, async ({ page }) => {
    await enrol(page, service, { survey: "demo-service" });
    await page.goto(other);
    await page.getByText("Đường dẫn này dành cho nơi khác").waitFor();
    await axe(page);
    await page.getByRole("button", { name: "Người tiếp theo" }).click();
    await welcome(page).waitFor();
  });
  await storedAre(service, undefined, before_);
});

test("what waits of one visit is sent while another is opened", async () => {
  const [first, second, before_] = [await receipt(), await receipt(), await count()];
  await browser.visit(service, PHONE, async ({ page, context, watch }) => {
    watch.tolerate(AWAY);
    await page.goto(first);
    await begin(page);
    await kept(page);
    await answer(page);
    await context.setOffline(true);
    await page.getByRole("button", { name: "Gửi đánh giá" }).click();
    await page.getByText("đã được lưu trên máy này").waitFor();
    await context.setOffline(false);
    await page.goto("about:blank");
    await page.goto(second);
    await welcome(page).waitFor();
    await storedAre(service, undefined, before_ + 1);
  });
});
