// Waiting for what comes about by itself.

/** Milliseconds until it is taken for never. */
const PATIENCE = 20_000;

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Tries until `attempt` gives something other than `undefined`, and gives that. */
export async function eventually(what, attempt, patience = PATIENCE) {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await attempt();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await sleep(100);
  }
}
