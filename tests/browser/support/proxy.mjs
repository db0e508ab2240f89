// A network that fails on purpose: stands between a program and the service.

import { once } from "node:events";
import { createServer } from "node:http";

/**
 * Passes requests on to the service. `faults` are what happens to the first posts to a path that starts with `path`, one
 * each: `"lost"` (the service answers, the connection is cut instead of the answer), `"refused"` (cut before the service
 * hears of it), or `{ status, retryAfter }` (answered here). Gives `{ url, seen, end }`; `seen` has the time and body of each post.
 */
export async function startProxy(service, path, faults) {
  const [seen, left] = [[], [...faults]];
  const server = createServer(async (request, answer) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const fault = request.url.startsWith(path) ? left.shift() : undefined;
    if (request.url.startsWith(path)) seen.push({ at: Date.now(), body: body.toString() });
    if (fault === "refused") return request.socket.destroy();
    if (fault?.status) return answer.writeHead(fault.status, { "Retry-After": fault.retryAfter }).end("not now");
    const { host, connection, "content-length": length, "transfer-encoding": coding, ...headers } = request.headers;
    // Hop-by-hop fields of the JDK's client among them; fetch refuses to send those.
    for (const name of ["upgrade", "http2-settings", "keep-alive", "expect"]) delete headers[name];
    const { status, headers: fields, text } = await pass(service.url + request.url, { method: request.method, headers, body });
    if (fault === "lost") return request.socket.destroy();
    answer.writeHead(status, { "Content-Type": fields.get("Content-Type") }).end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    async end() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function pass(url, { method, headers, body }) {
  const answer = await fetch(url, { method, headers, body: method === "GET" ? undefined : body });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
