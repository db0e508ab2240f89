// Faults of accessibility, as axe-core finds them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const SOURCE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/**
 * Fails on serious and critical violations of WCAG 2.2 AA in the page as it stands. Gives all violations, for those who want
 * to demand more. `without` names rules that are left out; a reason belongs beside it.
 */
export async function axe(page, { without = [] } = {}) {
  // Evaluated by the debugger, which the Content-Security-Policy does not bind.
  await page.evaluate(SOURCE);
  const rules = { "target-size": { enabled: true }, ...Object.fromEntries(without.map((rule) => [rule, { enabled: false }])) };
  const run = ([values, rules]) => globalThis.axe.run(document, { runOnly: { type: "tag", values }, rules });
  const { violations, passes } = await page.evaluate(run, [TAGS, rules]);
  assert.ok(passes.length > 0, "axe looked at nothing");
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = grave.flatMap((rule) => rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.html}\n  ${node.failureSummary}`));
  assert.ok(told.length === 0, `${page.url()}\n${told.join("\n")}`);
  return violations;
}
