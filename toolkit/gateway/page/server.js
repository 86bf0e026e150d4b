// Asks the server, with the key that the person has typed. The key lives as long as the tab.

const KEPT = "toolkit-key";

export class KeyRefused extends Error {}

export const keepKey = (key) => sessionStorage.setItem(KEPT, key);
export const forgetKey = () => sessionStorage.removeItem(KEPT);
export const hasKey = () => sessionStorage.getItem(KEPT) !== null;

// The response to a request; `body` is sent as JSON. Throws `KeyRefused`, and `Error` with the server's own words.
export async function ask(path, body, signal) {
  const headers = new Headers();
  if (hasKey()) headers.set("Authorization", `Bearer ${sessionStorage.getItem(KEPT)}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const method = body === undefined ? "GET" : "POST";
  const options = { method, headers, signal, credentials: "omit", cache: "no-store" };
  const response = await fetch(path, { ...options, body: body && JSON.stringify(body) });
  if (response.status === 401) throw new KeyRefused();
  if (!response.ok) throw new Error(await wordsOf(response));
  return response;
}

async function wordsOf(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The server has answered with status ${response.status}.`;
  }
}

// The documents of an event stream, as they arrive, to its end marker.
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n\n");
    rest = whole.pop();
    for (const event of whole) {
      if (!event.startsWith("data: ")) continue;
      if (event === "data: [DONE]") return;
      yield JSON.parse(event.slice(6));
    }
  }
}
