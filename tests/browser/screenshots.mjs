// Pictures of the pages with invented figures, to be looked at by a person; they are not kept.
//
//     node tests/browser/screenshots.mjs OUT_DIR      (the program as for `run`: SIPAS_BIN, or target/debug/sipas)

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startBrowser } from "./support/browser.mjs";
import { seed } from "./support/seed.mjs";
import { startService } from "./support/service.mjs";
import { eventually } from "./support/waiting.mjs";

const SIZES = [[360, 740], [800, 1280], [1440, 900]];
const KIOSK_SIZES = [...SIZES, [1280, 800]];
const PAGES = {
  country: "/",
  province: "/?agency=H56&survey=demo-service",
  desk: "/?agency=H56.C1&survey=demo-service&lang=en",
  series: "/series?agency=H56&survey=demo-service",
  ranking: "/ranking?agency=H56&survey=demo-service",
  breakdown: "/breakdown?agency=H56&survey=demo-service&by=age_band",
  comparison: "/comparison?agency=H56&with=H21&survey=demo-service",
  method: "/method",
  tracker: "/tracker?agency=H08&period=2023",
};

const directory = process.argv[2];
if (!directory) {
  console.error("usage: node tests/browser/screenshots.mjs OUT_DIR");
  process.exit(1);
}

/** `fullPage`: as far as it goes down, not only what a screen shows of it. */
async function picture(page, name, [width, height], colorScheme, fullPage = false) {
  const path = join(directory, `${name}-${width}x${height}-${colorScheme}.png`);
  // A page that fades in or has fonts to load is waited for.
  await page.evaluate(() => Promise.all([document.fonts.ready, ...document.getAnimations().map((animation) => animation.finished)]));
  await page.screenshot({ path, fullPage });
  console.log(path);
}

async function pages({ page }, ...look) {
  for (const [name, address] of Object.entries(PAGES)) {
    await page.goto(address, { waitUntil: "networkidle" });
    await picture(page, name, ...look, true);
  }
}

/** Enrols a kiosk and takes a picture of each kind of screen on a citizen's way. */
async function kiosk({ page }, service, ...look) {
  const token = await service.tokenOf({ kind: "admin" });
  const invite = { service_point: "MC-H56-C1", survey: "demo-service" };
  const { body } = await service.api("/v1/devices/invitations", { token, json: invite, until: 201 });
  await page.goto(`/kiosk#enrol=${body.code}`);
  const begin = page.getByRole("button", { name: "Bắt đầu" });
  const enrol = page.getByRole("button", { name: "Đăng ký", exact: true });
  await begin.or(enrol).first().waitFor();
  if (await enrol.isVisible()) {
    await picture(page, "kiosk-0-enrol", ...look);
    await enrol.click();
  }
  await begin.waitFor();
  await picture(page, "kiosk-1-start", ...look);
  await begin.click();
  const [levels, send] = [page.locator(".levels button"), page.getByRole("button", { name: "Gửi đánh giá" })];
  await levels.first().waitFor();
  await picture(page, "kiosk-2-question", ...look);
  // A touch that comes right after a new screen is ignored, so not too fast.
  await eventually("the last question", async () => {
    await page.waitForTimeout(400);
    if (await send.isVisible()) return true;
    await levels.nth(3).click();
  }, 60_000);
  await picture(page, "kiosk-3-comment", ...look);
  await page.waitForTimeout(400);
  await send.click();
  await page.getByRole("heading", { name: "Xin cảm ơn" }).waitFor();
  await picture(page, "kiosk-4-thanks", ...look);
}

await mkdir(directory, { recursive: true });
const service = await startService();
const browser = await startBrowser();
try {
  await seed(service, { responses: 2400 });
  for (const colorScheme of ["light", "dark"]) {
    for (const size of SIZES) {
      await browser.visit(service, { width: size[0], height: size[1], colorScheme }, (visit) => pages(visit, size, colorScheme));
    }
    for (const size of KIOSK_SIZES) {
      const options = { width: size[0], height: size[1], colorScheme, hasTouch: true };
      await browser.visit(service, options, (visit) => kiosk(visit, service, size, colorScheme));
    }
  }
} finally {
  await browser.end();
  await service.end();
}
