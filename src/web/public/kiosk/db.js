// What the tablet keeps: its credential and settings, the questionnaire, responses until a receipt covers them, and on a
// citizen's own phone the visits it rated.

const NAME = "sipas-kiosk";
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("responses", { keyPath: "seq" });
      request.result.createObjectStore("stretches", { keyPath: "id", autoIncrement: true });
      request.result.createObjectStore("visits", { keyPath: "token" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => { opened = null; });
  return opened;
}

/** One transaction: `work` gets the object stores and may return a request, whose result is the answer. */
async function transaction(stores, mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    // Strict: a response that the citizen was thanked for is on the disk.
    const running = db.transaction(stores, mode, { durability: "strict" });
    let request;
    running.oncomplete = () => resolve(request?.result);
    running.onabort = () => reject(running.error ?? new Error("aborted"));
    try {
      request = work(...stores.map((name) => running.objectStore(name)));
    } catch (error) {
      running.abort();
      reject(error);
    }
  });
}

/** Something kept by name: `device`, `survey`, `agency`, `lastSeq`, `contact`, `attempt`. */
export const kept = (name) => transaction(["kept"], "readonly", (store) => store.get(name));

/** Keeps something by name. */
export const keep = (name, value) => transaction(["kept"], "readwrite", (store) => store.put(value, name));

/** Stores a response with the next number, both or neither; two pages cannot take the same one. */
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

/** All responses that are here, the oldest first. */
export const responses = () => transaction(["responses"], "readonly", (store) => store.getAll());

/** The oldest responses that wait to be sent. */
export const waiting = async (most) => (await responses()).filter((response) => !response.refused).slice(0, most);

/** Writes responses again: with their ids, or with the reason why they were refused. */
export const rewrite = (changed) =>
  transaction(["responses"], "readwrite", (store) => { changed.forEach((response) => store.put(response)); });

/** Forgets responses that a receipt covers. */
export const forget = (seqs) =>
  transaction(["responses"], "readwrite", (store) => { seqs.forEach((seq) => store.delete(seq)); });

/** Has refused responses sent again. */
export const reconsider = async () =>
  rewrite((await responses()).filter((response) => response.refused).map(({ refused, ...response }) => response));

/** Takes a new credential: it begins a new sequence, so what waits is numbered 1, 2, 3, …; all of it or nothing. */
export function enrol(device) {
  return transaction(["kept", "responses"], "readwrite", (kept, store) => {
    const all = store.getAll();
    all.onsuccess = () => {
      store.clear();
      all.result.forEach(({ refused, ...response }, place) => store.add({ ...response, seq: place + 1 }));
      kept.put(all.result.length, "lastSeq");
      kept.put(device, "device");
      for (const name of ["attempt", "survey", "contact"]) kept.delete(name);
    };
  });
}

/** Writes a stretch of the clock (times.js) and gives it back with its id. */
export async function putStretch(stretch) {
  stretch.id = await transaction(["stretches"], "readwrite", (store) => store.put(stretch));
  return stretch;
}

/** All stretches, the oldest first. */
export const stretches = () => transaction(["stretches"], "readonly", (store) => store.getAll());

/** Forgets stretches. */
export const dropStretches = (ids) =>
  transaction(["stretches"], "readwrite", (store) => { ids.forEach((id) => store.delete(id)); });

/** A visit of this phone by its token, or all of them. */
export const visit = (token) => transaction(["visits"], "readonly", (store) => store.get(token));
export const visits = () => transaction(["visits"], "readonly", (store) => store.getAll());

/** Writes a visit. */
export const putVisit = (record) => transaction(["visits"], "readwrite", (store) => store.put(record));

/** Writes a visit's answers unless it has some: of two pages with one token the first is the citizen's word. */
export function answerVisit(token, response) {
  return transaction(["visits"], "readwrite", (store) => {
    const held = store.get(token);
    held.onsuccess = () => {
      if (!held.result.response) store.put({ ...held.result, response, state: "waiting" });
    };
  });
}

/** Forgets a visit. */
export const dropVisit = (token) => transaction(["visits"], "readwrite", (store) => store.delete(token));
