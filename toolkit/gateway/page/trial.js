// Asks a model a question, and shows the answer as it comes.

import { element, find, say } from "./elements.js";
import { count, took } from "./format.js";
import { KeyRefused, ask, events } from "./server.js";

let running = null;  // what stops the answer that is on its way

export function showChoices(ids) {
  const model = find("model");
  const chosen = model.value;
  const none = element("option", { value: "" }, "None is served yet");
  model.replaceChildren(...(ids.length > 0 ? ids.map((id) => element("option", { value: id }, id)) : [none]));
  if (ids.includes(chosen)) model.value = chosen;
}

export function stopTrial() {
  running?.abort();
}

export function clearTrial() {
  find("question").value = "";
  clearAnswer();
  say(find("outcome"), "");
}

function clearAnswer() {
  find("answer").replaceChildren();
  find("reasoning").lastElementChild.replaceChildren();
  find("reasoning").hidden = true;
}

export function prepareTrial(onEnd, onRefused) {
  find("trial").addEventListener("submit", (event) => {
    event.preventDefault();
    if (running === null) run().then(onEnd, onRefused);
  });
  find("question").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    find("trial").requestSubmit();
  });
  find("stop").addEventListener("click", stopTrial);
  document.addEventListener("keydown", (event) => event.key === "Escape" && stopTrial());
}

async function run() {
  running = new AbortController();
  const [answer, reasoning] = [find("answer"), find("reasoning")];
  clearAnswer();
  answer.setAttribute("aria-busy", "true");  // read out once it is whole
  find("stop").disabled = false;
  say(find("outcome"), "Waiting…");
  try {
    say(find("outcome"), await read(answer, reasoning));
  } catch (error) {
    if (error instanceof KeyRefused) throw error;
    say(find("outcome"), error.name === "AbortError" ? "Stopped." : error.message);
  } finally {
    running = null;
    answer.setAttribute("aria-busy", "false");
    find("stop").disabled = true;
  }
}

async function read(answer, reasoning) {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const messages = [{ role: "user", content: find("question").value }];
  const asked = { model: find("model").value, messages, stream: true, stream_options: { include_usage: true } };
  let first = null, ended = false, usage = null;
  for await (const event of events(await ask("/v1/chat/completions", asked, running.signal))) {
    if (event.error) throw new Error(event.error.message);
    usage = event.usage ?? usage;
    const choice = event.choices[0];
    if (!choice) continue;
    ended ||= choice.finish_reason !== null;
    const { content, reasoning_content: thought } = choice.delta;
    if (thought) {
      reasoning.hidden = false;
      reasoning.lastElementChild.append(thought);
    }
    if (content) answer.append(content);
    if ((thought || content) && first === null) {
      first = seconds();
      say(find("outcome"), "Answering…");
    }
  }
  if (!ended) throw new Error("The answer broke off.");
  const tokens = usage && `${usage.estimated ? "≈ " : ""}${count(usage.completion_tokens)} tokens`;
  return [first === null ? null : `first piece after ${took(first)}`, `whole after ${took(seconds())}`, tokens]
    .filter(Boolean)
    .join(" · ");
}
