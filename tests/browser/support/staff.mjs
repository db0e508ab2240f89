// What the tests of the page for administrators do on it.

/** Signs in and waits for the first view. */
export async function signIn(page, { id, secret }, path = "/staff") {
  await page.goto(path);
  await page.getByLabel("Mã ứng dụng").fill(id);
  await page.getByLabel("Mật khẩu ứng dụng").fill(secret);
  await page.getByRole("button", { name: "Đăng nhập" }).click();
  await page.getByRole("button", { name: "Đăng xuất" }).waitFor();
  await settled(page);
}

/** Until the view is there. */
export async function settled(page) {
  await page.waitForFunction(() => !document.querySelector("main").textContent.includes("Đang tải"));
}

/** What stands for a device, a flag or a void. */
export const card = (page, id) => page.locator(`.card[data-id="${id}"]`);

/** What is told on a card under a word. */
export const fact = (shown, word) => shown.locator("dl > div").filter({ has: shown.page().locator("dt", { hasText: new RegExp(`^${word}$`) }) }).locator("dd").innerText();

/** Everything that a page or the browser keeps of it. */
export const kept = (page) => page.evaluate(() => ({ local: JSON.stringify(localStorage), session: JSON.stringify(sessionStorage), cookie: document.cookie, address: location.href, text: document.documentElement.outerHTML }));
