// The entry: who opened this page, a device at a desk or a citizen with a visit token of their own.

import * as clock from "./clock.js";
import * as db from "./db.js";
import * as desk from "./desk.js";
import * as enrol from "./enrol.js";
import * as frame from "./frame.js";
import * as own from "./own.js";
import * as staff from "./staff.js";

const PATIENCE = 1500;
const LOOK = 60000;

async function start() {
  frame.begin();
  // Without it a browser has neither service workers nor locks.
  if (!isSecureContext) return frame.screen(frame.notice("insecure"));
  addEventListener("hashchange", () => location.reload());
  const registered = register().catch(() => null);
  const link = new URLSearchParams(location.hash.slice(1));
  const [visit, code] = [link.get("visit"), link.get("enrol")];
  try {
    const device = await db.kept("device");
    // What a link holds is worth something: it goes from the address and the history.
    if (visit || code) history.replaceState(null, "", location.pathname);
    if (visit && !device) return await own.rate(visit);
    if (!device && !code && await own.resume()) return;
    await onlyPage(async () => {
      // Not before: two pages at once would each tell their own story of one clock.
      await clock.begin();
      // Asked for again and again: browsers grant it once the page is installed or used enough.
      navigator.storage?.persist?.().catch(() => {});
      registered.then(renew);
      staff.watch((typed) => enrol.ask(typed, desk.serve));
      if (!device || code) await enrol.ask(code, desk.serve);
      else if (visit) await desk.serveVisit(visit);
      else await desk.serve();
    });
  } catch {
    frame.screen(frame.notice("noStorage", { action: "retry", run: () => location.reload() }));
  }
}

/** One page at a time is the kiosk; a second one waits until the first is gone, and then takes over. */
async function onlyPage(work) {
  const impatient = setTimeout(() => frame.screen(frame.notice("elsewhere")), PATIENCE);
  await new Promise((resolve, reject) => {
    navigator.locks.request("sipas-kiosk", () => {
      clearTimeout(impatient);
      work().then(resolve, reject);
      return new Promise(() => {});
    }).catch(reject);
  });
}

async function register() {
  if (!("serviceWorker" in navigator)) return null;
  return navigator.serviceWorker.register("/kiosk/sw.js", { scope: "/kiosk" });
}

/** A new version takes over while nobody is answering, by a reload of the welcome; on a citizen's phone, when it is opened anew. */
function renew(registration) {
  if (!registration) return;
  setInterval(() => {
    if (desk.isBusy()) return;
    if (registration.waiting) {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      registration.waiting.postMessage("replace");
    } else {
      registration.update().catch(() => {});
    }
  }, LOOK);
}

start();
