// Asks for the key where one is needed, and keeps what is shown up to date while somebody looks.

import { clearAccounts, showAccounts, showModels } from "./accounts.js";
import { prepareCalls, showCalls } from "./calls.js";
import { find, say } from "./elements.js";
import { KeyRefused, ask, forgetKey, hasKey, keepKey } from "./server.js";
import { clearTrial, prepareTrial, showChoices, stopTrial } from "./trial.js";

const PAUSE_MS = 3000;
const SENDABLE = /^[\x21-\x7e]+$/;  // in a header
let timer;
let round = 0;  // of the refreshes: what an older one brings is out of date
let names = null;  // of the accounts whose models are shown

async function refresh() {
  clearTimeout(timer);
  const own = ++round;
  try {
    const status = await (await ask("/api/status")).json();
    if (own !== round) return;
    open();
    show(status);
    find("notice").hidden = true;
  } catch (error) {
    if (own !== round) return;
    if (error instanceof KeyRefused) return askForKey();
    const gone = error instanceof TypeError;  // which `fetch` throws where nobody answers
    say(find("notice"), gone ? "The server does not answer." : error.message);
    find("notice").hidden = false;
  }
  timer = setTimeout(() => document.hidden || refresh(), PAUSE_MS);
}

function show(status) {
  showAccounts(status, refresh);
  showCalls(status.calls);
  say(find("activity"), `${status.waiting} waiting · ${status.streams} streaming`);
  const now = status.sites.map((site) => `${site.name} ${site.expires_at}`).join();
  if (now === names) return;
  names = now;
  listModels();
}

async function listModels() {
  try {
    const ids = (await (await ask("/v1/models")).json()).data.map((model) => model.id);
    showModels(ids);
    showChoices(ids);
  } catch {  // the next refresh tells
    names = null;
  }
}

function open() {
  if (!find("content").hidden) return;
  const typed = !find("entry").hidden;
  find("entry").hidden = true;
  find("content").hidden = false;
  find("forget").hidden = !hasKey();
  find("key").value = "";
  if (typed) find("main").focus();
}

function askForKey() {
  round += 1;
  clearTimeout(timer);
  stopTrial();
  const wrong = hasKey();
  forgetKey();
  names = null;
  clearAccounts();
  showCalls([]);
  for (const id of ["content", "notice", "forget"]) find(id).hidden = true;
  say(find("activity"), "");
  find("entry").hidden = false;
  say(find("key-error"), wrong ? "That is not this server's key." : "");
  find("key").toggleAttribute("aria-invalid", wrong);
  find("key").select();
}

find("entry-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = find("key").value.trim();
  keepKey(SENDABLE.test(key) ? key : "none");
  refresh();
});
find("forget").addEventListener("click", () => {
  forgetKey();
  askForKey();
  clearTrial();
});
document.addEventListener("visibilitychange", () => document.hidden || refresh());
prepareCalls();
prepareTrial(refresh, askForKey);
say(find("address"), location.host);
refresh();
