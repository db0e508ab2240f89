// Times, numbers and durations in the reader's convention; times of day are those of Viet Nam, wherever the reader is.

import { current, say } from "./words.js";

const ZONE = "Asia/Ho_Chi_Minh";
const locale = () => (current() === "vi" ? "vi-VN" : "en-GB");

/** `19:05 22/11/2026`. */
export function moment(text) {
  if (!text) return "–";
  const parts = { day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: ZONE };
  return new Intl.DateTimeFormat(locale(), parts).format(new Date(text));
}

/** How long ago something was, in the largest unit that fits. */
export function ago(text) {
  if (!text) return say("never");
  const seconds = Math.max(0, (Date.now() - new Date(text)) / 1000);
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? ["minute", 60];
  return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}

export const number = (value) => new Intl.NumberFormat(locale()).format(value);

/** How far a clock is ahead (+) or behind, in seconds. */
export function offset(milliseconds) {
  const shown = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1, signDisplay: "exceptZero" });
  return `${shown.format(milliseconds / 1000)} s`;
}
