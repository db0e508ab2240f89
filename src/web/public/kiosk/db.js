// What the tablet keeps: its credential and settings, the questionnaire, and responses until they are covered by a receipt.

const NAME = "sipas-kiosk";
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("responses", { keyPath: "seq" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** One transaction: `work` gets the object stores and may return a request, whose result is the answer. */
async function transaction(stores, mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    // Strict: a response that the citizen was thanked for is on the disk.
    const running = db.transaction(stores, mode, { durability: "strict" });
    let answer;
    const request = work(...stores.map((name) => running.objectStore(name)));
    if (request) request.onsuccess = () => { answer = request.result; };
    running.oncomplete = () => resolve(answer);
    running.onabort = () => reject(running.error ?? new Error("aborted"));
  });
}

/** Something kept by name: `device`, `survey`, `lastSeq`, `contact`. */
export const kept = (name) => transaction(["kept"], "readonly", (store) => store.get(name));

/** Keeps something by name. */
export const keep = (name, value) => transaction(["kept"], "readwrite", (store) => { store.put(value, name); });

/** Stores a response with the next number, both or neither; two tabs cannot take the same one. */
export function addResponse(response) {
  return transaction(["kept", "responses"], "readwrite", (kept, responses) => {
    const last = kept.get("lastSeq");
    last.onsuccess = () => {
      const seq = (last.result ?? 0) + 1;
      kept.put(seq, "lastSeq");
      responses.add({ ...response, seq });
    };
  });
}

/** The oldest waiting responses. */
export const waiting = (most) =>
  transaction(["responses"], "readonly", (store) => store.getAll(null, most))
    .then((all) => all.filter((response) => !response.refused));

/** How many are here: waiting, and refused by the service. */
export async function backlog() {
  const all = await transaction(["responses"], "readonly", (store) => store.getAll());
  const refused = all.filter((response) => response.refused);
  const times = all.filter((response) => !response.refused).map((response) => response.at);
  return { waiting: all.length - refused.length, refused, oldest: times.length ? Math.min(...times) : null };
}

/** Writes responses again: with their ids, or with the reason why they were refused. */
export const rewrite = (responses) =>
  transaction(["responses"], "readwrite", (store) => { responses.forEach((response) => store.put(response)); });

/** Forgets responses that a receipt covers. */
export const forget = (seqs) =>
  transaction(["responses"], "readwrite", (store) => { seqs.forEach((seq) => store.delete(seq)); });

/** Moves the times of all responses that have no id yet: the clock they were taken by was moved by so much. */
export const shift = (milliseconds) => everyOne((response) =>
  response.id ? null : { ...response, at: response.at + milliseconds });

/** Numbers everything that waits 1, 2, 3, …: a new credential begins a new sequence. */
export function renumber() {
  return transaction(["kept", "responses"], "readwrite", (kept, responses) => {
    const all = responses.getAll();
    all.onsuccess = () => {
      responses.clear();
      all.result.forEach((response, place) => responses.add({ ...response, seq: place + 1 }));
      kept.put(all.result.length, "lastSeq");
    };
  });
}

function everyOne(change) {
  return transaction(["responses"], "readwrite", (store) => {
    const all = store.getAll();
    all.onsuccess = () => all.result.map(change).filter(Boolean).forEach((response) => store.put(response));
  });
}
