// The page for administrators: signing in and out, the fleet as the API tells it, invitations, doubtful responses.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
import { idAt } from "./support/seed.mjs";
import { ROOT, startService } from "./support/service.mjs";
import { card, fact, kept, settled, signIn } from "./support/staff.mjs";
import { eventually } from "./support/waiting.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>";

let service, browser, admin, above;
before(async () => {
  service = await startService({ settings: { SIPAS_FLAG_RULES: "speed" } });
  browser = await startBrowser();
  admin = await service.client({ kind: "admin", agency: "H56", name: "Người quản trị" });
  above = await service.client({ kind: "admin", name: "Bộ" });
  await service.token(above);
});
after(async () => {
  await browser?.end();
  await service?.end();
});

async function ok(path, options) {
  const { status, body } = await service.api(path, options);
  assert.ok(status < 300, `${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

const idOf = (name) => service.tokenOf({ kind: "admin", name });

/** Invites and enrols a device; gives its id and token. */
async function enrolled(name, desk = "MC-H56-C1") {
  const token = await idOf("inviter");
  const { code } = await ok("/v1/devices/invitations", { token, json: { service_point: desk, name } });
  const made = await ok("/v1/devices/enrol", { json: { code, attempt: crypto.randomUUID(), model: "T5", app_version: "1.4.2" } });
  return { id: made.client_id, token: await service.token({ id: made.client_id, secret: made.client_secret }) };
}

async function post(device, { seconds = 60, seq } = {}) {
  const { elements } = await ok("/v1/surveys/demo-short");
  const answers = Object.fromEntries(elements.flatMap((element) => element.criteria).map(({ code }) => [code, 4]));
  const id = idAt(Date.now() - seconds * 1000);
  await ok("/v1/responses", { token: device.token, json: { id, survey: "demo-short", rated_agency: "H56.C1", answers, ...(seq && { device_seq: seq }) } });
  return id;
}

test("a wrong secret is refused in plain words; a right one is kept nowhere, and its token in this tab alone", async () => {
  await browser.visit(service, {}, async ({ page, context, watch }) => {
    watch.tolerate(/status of 401/);
    await page.goto("/staff");
    await page.getByLabel("Mã ứng dụng").fill(admin.id);
    await page.getByLabel("Mật khẩu ứng dụng").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
    assert.match(await page.getByRole("alert").innerText(), /Mã ứng dụng|sai|không đúng/i);
    assert.equal((await kept(page)).session, "{}");
    assert.equal(await page.getByRole("button", { name: "Đăng xuất" }).count(), 0);

    await signIn(page, admin);
    const held = await kept(page);
    const { token } = JSON.parse(JSON.parse(held.session)["staff-session"]);
    assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.deepEqual([held.local, held.cookie, new URL(held.address).search, new URL(held.address).hash], ["{}", "", "", ""]);
    assert.ok(!held.text.includes(token));
    assert.ok(!Object.values(held).some((text) => text.includes(admin.secret)));
    assert.ok(!watch.requests.some((request) => request.includes(token) || request.includes(admin.secret)));
    const stored = await context.storageState({ indexedDB: true });
    assert.ok(!JSON.stringify(stored).includes(token));
    // A reload asks nobody again; another tab has to sign in.
    await page.reload();
    await page.getByRole("button", { name: "Đăng xuất" }).waitFor();
    const other = await context.newPage();
    await other.goto("/staff");
    await other.getByLabel("Mã ứng dụng").waitFor();
  });
});

test("its scripts never make markup of texts and keep nothing beyond the tab", async () => {
  const folder = join(ROOT, "src/web/public/staff");
  const scripts = (await readdir(folder)).filter((name) => name.endsWith(".js"));
  assert.ok(scripts.length > 5);
  for (const name of scripts) {
    const text = await readFile(join(folder, name), "utf8");
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage|indexedDB|document\.cookie|\beval\b|new Function/, name);
  }
});

test("the fleet is what the API tells, and a name is text whatever stands in it", async () => {
  const devices = [await enrolled(HOSTILE), await enrolled("Kiosk cổng chính", "MC-H56-C2")];
  const clock = new Date(Date.now() + 125_000).toISOString();
  await ok("/v1/devices/me/heartbeat", { method: "PUT", token: devices[0].token, json: { clock, app_version: "1.5.0", backlog: 17, battery_percent: 80 } });
  await post(devices[0]);
  await browser.visit(service, {}, async ({ page }) => {
    let alerts = 0;
    page.on("dialog", (dialog) => { alerts++; dialog.dismiss(); });
    await signIn(page, admin);
    const token = await idOf("reader");
    const { items } = await ok("/v1/devices?agency=H56&state=active&limit=1000", { token });
    assert.ok(items.length >= 2);
    assert.equal(await page.locator(".card").count(), items.length);
    for (const device of items) {
      const shown = card(page, device.id);
      assert.equal(await shown.getByRole("heading").innerText(), device.name);
      assert.equal(await fact(shown, "Nơi đặt"), `${device.agency} · ${device.service_point}`);
      assert.equal(await fact(shown, "Phiên bản"), device.app_version);
      assert.equal(await fact(shown, "Phiếu nhận hôm nay"), String(device.responses_today));
      assert.equal(await shown.getByText("Im lặng", { exact: true }).count(), device.silent ? 1 : 0);
      assert.equal(await shown.getByText("Đang hoạt động", { exact: true }).count(), 1);
    }
    const first = items.find((device) => device.id === devices[0].id);
    assert.equal(await fact(card(page, first.id), "Chờ gửi"), "17");
    const offset = Math.round(first.heartbeat.clock_offset_ms / 100) / 10;
    assert.equal(await fact(card(page, first.id), "Lệch giờ"), `+${String(offset).replace(".", ",")} s`);
    const sums = page.locator(".sums");
    assert.equal(await fact(sums, "Phiếu chờ gửi"), "17");
    assert.equal(await fact(sums, "Thiết bị"), String(items.length));
    assert.deepEqual([await page.locator("main img").count(), alerts], [0, 0]);
    // In a question of revoking, too, it is text.
    await card(page, first.id).getByRole("button", { name: "Thu hồi" }).click();
    assert.equal(await page.locator("dialog .about").innerText(), HOSTILE);
    await page.keyboard.press("Escape");
    assert.deepEqual([await page.locator("dialog img").count(), alerts], [0, 0]);

    await page.getByLabel("Mã cơ quan").fill("H56.C2");
    await page.getByRole("button", { name: "Lọc" }).click();
    await card(page, first.id).waitFor({ state: "detached" });
    await settled(page);
    assert.equal(await page.locator(".card").count(), items.filter((device) => device.agency === "H56.C2").length);
  });
});

test("a question that is wrong is refused beside the question", async () => {
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 422/);
    await signIn(page, admin);
    // Of another province: it looks unknown.
    await page.getByLabel("Mã cơ quan").fill("H21");
    await page.getByRole("button", { name: "Lọc" }).click();
    await page.getByRole("alert").filter({ hasText: "Không có cơ quan này." }).waitFor();
    await page.getByLabel("Mã cơ quan").fill("");
    await page.getByRole("button", { name: "Lọc" }).click();
    await page.locator(".card").first().waitFor();
  });
});

test("an invitation gives a link to the kiosk and its picture, and can be taken back", async () => {
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 422/);
    await signIn(page, admin);
    const invite = async (desk) => {
      await page.getByRole("button", { name: "Mời thiết bị" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Mã bộ phận một cửa").fill(desk);
      await dialog.getByLabel("Tên thiết bị").fill(HOSTILE);
      await dialog.getByLabel("Đợt khảo sát").selectOption("demo-short");
      await dialog.getByRole("button", { name: "Mời thiết bị" }).click();
    };
    await invite("MC-H21-C1");
    await page.getByRole("alert").filter({ hasText: "Không có bộ phận một cửa này." }).waitFor();
    await page.getByRole("button", { name: "Thôi" }).click();
    await invite("MC-H56-C3");
    await page.getByRole("heading", { name: "Đã tạo lời mời" }).waitFor();
    const code = await page.locator("dialog .code").innerText();
    const link = await page.locator("dialog a").getAttribute("href");
    assert.equal(link, `${service.url}/kiosk#enrol=${code}`);
    const picture = page.getByRole("img", { name: "Mã QR" });
    const box = await picture.boundingBox();
    assert.ok(box.width > 150 && box.height > box.width * 0.9, JSON.stringify(box));
    assert.ok((await picture.locator("path").getAttribute("d")).length > 500);
    await axe(page);
    await page.getByRole("button", { name: "Đóng" }).click();
    const made = await ok("/v1/devices/enrol", { json: { code, attempt: crypto.randomUUID(), model: "T5", app_version: "1" } });
    const device = await ok(`/v1/devices/${made.client_id}`, { token: await idOf("reader") });
    assert.deepEqual([device.name, device.service_point, device.survey], [HOSTILE, "MC-H56-C3", "demo-short"]);

    await invite("MC-H56-C4");
    const other = await page.locator("dialog .code").innerText();
    await page.getByRole("button", { name: "Đóng" }).click();
    await page.locator("summary").click();
    await page.locator(".rows li", { hasText: "MC-H56-C4" }).getByRole("button").click();
    await page.getByRole("dialog").getByRole("button", { name: "Rút lời mời" }).click();
    await page.getByRole("status").filter({ hasText: "Đã thực hiện." }).waitFor();
    const refused = await service.api("/v1/devices/enrol", { json: { code: other, attempt: crypto.randomUUID(), model: "T5", app_version: "1" } });
    assert.equal(refused.status, 404);
  });
});

test("suspending, resuming and revoking are asked for first, and by keyboard alone", async () => {
  const device = await enrolled("Kiosk bàn phím");
  const token = await idOf("reader");
  const state = async () => (await ok(`/v1/devices/${device.id}`, { token })).state;
  await browser.visit(service, {}, async ({ page }) => {
    await page.goto("/staff");
    await page.getByLabel("Mã ứng dụng").waitFor();
    await page.keyboard.type(admin.id);
    await page.keyboard.press("Tab");
    await page.keyboard.type(admin.secret);
    await page.keyboard.press("Enter");
    await card(page, device.id).waitFor();
    /** Tabs on until the focus stands on a control of this name. */
    const reach = async (name) => {
      for (let steps = 0; steps < 200; steps++) {
        const at = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
        if (at === name) return;
        await page.keyboard.press("Tab");
      }
      assert.fail(`${name} cannot be reached`);
    };
    await reach("Tạm dừng: Kiosk bàn phím");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await state(), "active");
    await reach("Tạm dừng: Kiosk bàn phím");
    await page.keyboard.press("Enter");
    await reach("Tạm dừng");
    await page.keyboard.press("Enter");
    await page.getByRole("status").filter({ hasText: "Đã thực hiện." }).waitFor();
    assert.equal(await state(), "suspended");
    // Those that are suspended are another question.
    await page.getByLabel("Trạng thái").selectOption("");
    await page.getByRole("button", { name: "Lọc" }).click();
    const act = async (word) => {
      await card(page, device.id).getByRole("button", { name: word }).click();
      await page.getByRole("dialog").getByRole("button", { name: word }).click();
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    };
    await act("Cho hoạt động lại");
    assert.equal(await state(), "active");
    // The list is read anew after each act, and what has the focus by then goes with it.
    await card(page, device.id).getByRole("button", { name: "Tạm dừng" }).waitFor();
    // The Enter that opened the question does not answer it.
    await card(page, device.id).getByRole("button", { name: "Thu hồi" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "visible" });
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal(await state(), "active");
    await act("Thu hồi");
    assert.equal(await state(), "revoked");
    await eventually("a card without acts", async () => ((await card(page, device.id).getByRole("button").count()) === 0 ? true : undefined));
  });
});

test("numbers that never arrived are found", async () => {
  const device = await enrolled("Kiosk có số");
  for (const [place, seq] of [1, 2, 5, 9].entries()) await post(device, { seq, seconds: 500 - 60 * place });
  await browser.visit(service, {}, async ({ page }) => {
    await signIn(page, admin);
    await page.getByRole("button", { name: "Tìm phiếu thiếu" }).click();
    await card(page, device.id).getByText("Thiếu 5 phiếu: số 3–4, 6–8").waitFor();
    const all = await page.locator(".card").count();
    await page.getByText(`Thiếu 5 phiếu trên ${all} thiết bị`).waitFor();
  });
});

test("a doubtful response is reviewed from above, and a reason has to be given", async () => {
  const device = await enrolled("Kiosk nhanh");
  await post(device, { seconds: 3600 });
  const quick = await post(device, { seconds: 3599 });
  const token = await idOf("reader");
  const flag = () => eventually("a flag", async () => (await ok("/v1/flags", { token })).items.find((one) => one.response_id === quick));
  await flag();
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 403/);
    await signIn(page, above, "/staff#flags");
    const shown = card(page, quick);
    assert.match(await fact(shown, "Quy tắc đã thấy"), /^2 phiếu, từ /);
    assert.equal(await fact(shown, "Cơ quan được đánh giá"), "H56.C1");
    await axe(page);
    await shown.getByRole("button", { name: "Bỏ nghi ngờ" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Bỏ nghi ngờ" }).click();
    await dialog.getByRole("alert").filter({ hasText: /./ }).waitFor();
    assert.equal((await flag()).state, "open");
    await dialog.getByLabel("Lý do").fill("Người dân trả lời trước");
    await dialog.getByRole("button", { name: "Bỏ nghi ngờ" }).click();
    await shown.waitFor({ state: "detached" });
    assert.equal((await flag()).state, "lifted");
  });
});

test("who asked that a response be void cannot confirm it, a second person can", async () => {
  const response = await post(await enrolled("Kiosk thử"), { seconds: 7200 });
  const second = await service.client({ kind: "admin", name: "second" });
  const token = await service.token(above);
  await eventually("the request", async () => {
    const { status } = await service.api(`/v1/responses/${response}/void`, { token, json: { reason: "Thử kiosk" } });
    return status < 300 ? true : undefined;
  });
  const confirm = async (page) => {
    await card(page, response).getByRole("button", { name: "Xác nhận hủy" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Xác nhận hủy" }).click();
  };
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 403/);
    await signIn(page, above, "/staff#voids");
    assert.equal(await card(page, response).getByRole("heading").innerText(), "Thử kiosk");
    await confirm(page);
    await page.getByRole("dialog").getByRole("alert").filter({ hasText: "người thứ hai" }).waitFor();
  });
  await service.token(second);
  await browser.visit(service, {}, async ({ page }) => {
    await signIn(page, second, "/staff#voids");
    await confirm(page);
    await card(page, response).waitFor({ state: "detached" });
    const { items } = await ok("/v1/voids", { token });
    assert.equal(items.find((one) => one.response_id === response).state, "confirmed");
  });
});

test("whoever may not see it is told so in plain words", async () => {
  const viewer = await service.client({ kind: "viewer", agency: "H56", name: "viewer" });
  await service.token(viewer);
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 403/);
    await signIn(page, viewer);
    await page.getByRole("heading", { name: "Không được phép" }).waitFor();
    assert.match(await page.getByRole("alert").innerText(), /không được xem/);
    await axe(page);
  });
});

test("signing out forgets everything, and so does the end of the token", async () => {
  await browser.visit(service, {}, async ({ page }) => {
    await page.clock.install();
    await signIn(page, admin);
    await page.locator(".card").first().waitFor();
    await page.getByRole("button", { name: "Đăng xuất" }).click();
    await page.getByRole("status").filter({ hasText: "Đã đăng xuất." }).waitFor();
    assert.deepEqual([(await kept(page)).session, await page.locator(".card").count()], ["{}", 0]);
    await page.reload();
    await page.getByLabel("Mã ứng dụng").waitFor();

    await signIn(page, admin);
    await page.locator(".card").first().waitFor();
    await page.clock.fastForward("59:00");
    assert.ok((await page.locator(".card").count()) > 0);
    await page.clock.fastForward("01:00");
    await page.getByRole("status").filter({ hasText: "hết hạn" }).waitFor();
    assert.deepEqual([(await kept(page)).session, await page.locator(".card").count()], ["{}", 0]);
  });
});

test("a client that is revoked while it is signed in is shown out", async () => {
  const short = await service.client({ kind: "admin", agency: "H56", name: "short" });
  await service.token(short);
  await browser.visit(service, {}, async ({ page, watch }) => {
    watch.tolerate(/status of 401/);
    await signIn(page, short);
    await ok(`/v1/clients/${short.id}/revoke`, { method: "POST", token: await service.token(above) });
    await eventually("the way out", async () => {
      await page.getByRole("button", { name: "Lọc" }).click({ timeout: 1000 }).catch(() => {});
      return (await page.getByLabel("Mã ứng dụng").count()) === 1 ? true : undefined;
    });
    assert.equal((await kept(page)).session, "{}");
  });
});

for (const width of [360, 800, 1440]) {
  test(`it fits ${width} pixels in either scheme and language, without a fault for anybody`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      await browser.visit(service, { width, colorScheme }, async ({ page }) => {
        const fits = async () => {
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), page.url());
          await axe(page);
        };
        await page.goto("/staff");
        await page.getByLabel("Mã ứng dụng").waitFor();
        await fits();
        assert.equal(await page.locator("header").innerText(), "SIPAS\nTrang công khai\nEnglish");
        await signIn(page, above);
        await page.locator(".card").first().waitFor();
        await fits();
        await page.getByRole("button", { name: "Mời thiết bị" }).click();
        await fits();
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "English" }).click();
        await page.getByRole("heading", { name: "Devices" }).waitFor();
        assert.equal(await page.locator("html").getAttribute("lang"), "en");
        await fits();
        await page.getByRole("link", { name: "Requests to void" }).click();
        await page.getByRole("heading", { name: "Requests to void" }).waitFor();
        await fits();
      });
    }
  });
}
