// What people do at a kiosk, as the tests need it: enrolling it, answering, looking behind the scenes.

import assert from "node:assert/strict";
import { eventually } from "./waiting.mjs";

/** Longer than a kiosk takes a second touch for one that was meant for the screen before. */
const BREATH = 320;

/** An administrator of the whole country. */
export const admin = (service) => service.tokenOf({ kind: "admin" });

/** Asks the API as that administrator; fails unless the status is 2xx. */
export async function order(service, path, json, method = "POST") {
  const answer = await service.api(path, { method, token: await admin(service), json });
  assert.ok(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Invites a device to a desk; gives the code and the link. */
export const invite = (service, options = {}) =>
  order(service, "/v1/devices/invitations", { service_point: "MC-H56-C1", survey: "demo-desk", name: "Kiosk 1", ...options });

/** Enrols the browser by a link and waits for the welcome; gives the device's id. */
export async function enrol(page, service, options) {
  const { id, code } = await invite(service, options);
  await page.goto(`/kiosk#enrol=${code}`);
  await page.getByRole("button", { name: "Đăng ký" }).click();
  await welcome(page).waitFor();
  const used = (await order(service, "/v1/devices/invitations", undefined, "GET")).items.find((one) => one.id === id);
  return used.device;
}

/** The button that begins. */
export const welcome = (page) => page.getByRole("button", { name: /^(Bắt đầu|Start)$/ });

/** Whether a worker keeps the page, so that it can be opened without a network. */
export const kept = (page) => page.evaluate(async () => {
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
});

/** Waits until another screen is shown, and as long as touches are taken for those before. */
async function next(page, before) {
  await page.waitForFunction((text) => document.querySelector("h1")?.textContent !== text, before);
  await page.waitForTimeout(BREATH);
}

/** Answers every question with what `choose(number)` gives: a level from 1 on, or `null` for not applicable; `look` sees each. */
export async function answer(page, choose = () => 1, look = async () => {}) {
  for (let number = 1; await page.locator(".levels").count() > 0; number++) {
    await look(number);
    const heading = await page.locator("h1").textContent();
    const level = choose(number);
    await (level === null ? page.locator(".aside") : page.locator(".level").nth(level - 1)).click();
    await next(page, heading);
  }
}

/** Begins. */
export async function begin(page) {
  await welcome(page).click();
  await page.locator(".levels").waitFor();
  await page.waitForTimeout(BREATH);
}

/** One citizen from the welcome to the thanks. */
export async function rate(page, choose) {
  await begin(page);
  await answer(page, choose);
  await send(page);
}

/** Sends and waits for the thanks. */
export async function send(page) {
  await page.getByRole("button", { name: /^(Gửi đánh giá|Send)$/ }).click();
  await page.getByRole("heading", { name: /^(Xin cảm ơn ông\/bà!|Thank you!)$/ }).waitFor();
}

/** The next citizen steps up: touches the button, unless the welcome came back by itself. */
export async function nextPerson(page) {
  const button = page.getByRole("button", { name: /^(Người tiếp theo|Next person)$/ });
  if (await button.isVisible()) await button.click({ timeout: 2000 }).catch(() => {});
  await welcome(page).waitFor();
}

/** Opens what staff sees; gives what it says as text. */
export async function staff(page) {
  await page.keyboard.press("Control+Alt+s");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  return dialog;
}

/** Tells the kiosk to send now. */
export async function sendNow(page) {
  await (await staff(page)).getByRole("button", { name: "Gửi ngay" }).click();
}

/** What the tablet still holds. */
export const held = (page) => page.evaluate(() => new Promise((done, failed) => {
  const opened = indexedDB.open("sipas-kiosk");
  opened.onerror = () => failed(opened.error);
  opened.onsuccess = () => {
    const all = opened.result.transaction("responses").objectStore("responses").getAll();
    all.onsuccess = () => { opened.result.close(); done(all.result); };
  };
}));

/** Waits until the tablet holds nothing any more. */
export const emptied = (page) => eventually("an empty tablet", async () => ((await held(page)).length === 0 ? true : undefined), 40_000);

/** Every response of a client that is stored, once the service has numbered all. */
export async function stored(service, client) {
  const token = await admin(service);
  const items = [];
  for (let after = 0; ;) {
    const { status, body } = await service.api(`/v1/responses?limit=1000&after_seq=${after}`, { token });
    assert.equal(status, 200, JSON.stringify(body));
    items.push(...body.items);
    after = body.next_after_seq;
    if (body.complete) return items.filter((item) => client === undefined || item.client === client);
  }
}

/** Waits until so many responses of a client are stored, and that they stay so many; gives them. */
export async function storedAre(service, client, count) {
  await eventually(`${count} stored responses`, async () => ((await stored(service, client)).length >= count ? true : undefined), 40_000);
  // What were sent twice would come now.
  await new Promise((done) => setTimeout(done, 2500));
  const items = await stored(service, client);
  assert.equal(items.length, count);
  assert.equal(new Set(items.map((item) => item.id)).size, count);
  return items;
}

/** Sets the clock of every page of the context wrong by `ahead` milliseconds, also after a reload; `turn` sets it again. */
export async function wrongClock(context, ahead) {
  await context.addInitScript((first) => {
    const Right = Date;
    localStorage.getItem("ahead") ?? localStorage.setItem("ahead", String(first));
    globalThis.ahead = Number(localStorage.getItem("ahead"));
    const now = () => Right.now() + globalThis.ahead;
    globalThis.Date = class extends Right {
      constructor(...given) { super(...(given.length ? given : [now()])); }
      static now() { return now(); }
    };
  }, ahead);
}

/** Sets the clock of a page under way. */
export const turn = (page, ahead) => page.evaluate((to) => { globalThis.ahead = to; localStorage.setItem("ahead", String(to)); }, ahead);

/** Tells the page that a survey is other than it is; gives how to end that. The context has to block service workers. */
export async function otherSurvey(page, code, change) {
  const path = `**/v1/surveys/${code}`;
  const pass = async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), ...change } });
  };
  // A page that is closed meanwhile wants no answer.
  await page.route(path, (route) => pass(route).catch((error) => assert.match(error.message, /closed|disposed/)));
  return () => page.unrouteAll({ behavior: "wait" });
}
