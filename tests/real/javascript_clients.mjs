// A client for JavaScript, as tests/real/javascript.py runs it in the folder where the packages are: one question, whose
// answer is written to stdout as lines of JSON. SIGTERM ends it as a person's program does, by the client's own means.
import { createRequire } from "node:module";

const [client, kind, origin, apiKey, model] = process.argv.slice(2);
const load = createRequire(`${process.cwd()}/`);
const baseURL = `${origin}/v1`;
const leaving = new AbortController();
process.on("SIGTERM", () => leaving.abort());
const { signal } = leaving;
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function openai() {
  const { OpenAI } = load("openai");
  return new OpenAI({ baseURL, apiKey, maxRetries: 0 });
}

async function chat() {
  const messages = [{ role: "user", content: "Hi" }];
  if (kind === "ask") {
    const answer = await openai().chat.completions.create({ model, messages }, { signal });
    return tell({ piece: answer.choices[0].message.content });
  }
  const stream = await openai().chat.completions.create({ model, messages, stream: true }, { signal });
  for await (const chunk of stream) tell({ piece: chunk.choices[0].delta.content ?? "" });
}

async function responses() {
  if (kind === "ask") {
    return tell({ piece: (await openai().responses.create({ model, input: "Hi" }, { signal })).output_text });
  }
  for await (const event of openai().responses.stream({ model, input: "Hi" }, { signal })) {
    if (event.type === "response.output_text.delta") tell({ piece: event.delta });
  }
}

async function sdk(chosen) {
  const { generateText, streamText } = load("ai");
  const asked = { model: chosen, prompt: "Hi", maxRetries: 0, maxOutputTokens: 99, abortSignal: signal };
  if (kind === "ask") return tell({ piece: (await generateText(asked)).text });
  let failure;
  const stream = streamText({ ...asked, onError: ({ error }) => (failure = error) });
  for await (const piece of stream.textStream) tell({ piece });
  if (failure) throw failure;
}

const CLIENTS = {
  "openai chat": chat,
  "openai responses": responses,
  "ai compatible": () =>
    sdk(load("@ai-sdk/openai-compatible").createOpenAICompatible({ name: "toolkit", baseURL, apiKey })(model)),
  "ai responses": () => sdk(load("@ai-sdk/openai").createOpenAI({ baseURL, apiKey }).responses(model)),
  "ai messages": () => sdk(load("@ai-sdk/anthropic").createAnthropic({ baseURL, apiKey })(model)),
};

try {
  await CLIENTS[client]();
} catch (error) {
  tell({ error: error.message, status: error.status ?? error.statusCode ?? null });
}
process.exit(); // Node would wait for the connections that a client keeps
