// The last calls, as a table.

import { drawChart, look } from "./chart.js";
import { element, find, say } from "./elements.js";
import { count, timeOfDay, took } from "./format.js";

const AT_FIRST = 20;
let shown = "";
let all = false;
let last = [];

export function showCalls(calls) {
  const now = JSON.stringify(calls);
  if (now === shown) return;
  [shown, last] = [now, calls];
  find("calls").hidden = calls.length === 0;
  find("no-calls").hidden = calls.length > 0;
  fillTable();
  drawChart(calls);
}

export function prepareCalls() {
  find("all-calls").addEventListener("click", () => {
    all = !all;
    fillTable();
  });
  new ResizeObserver(() => drawChart(last)).observe(find("calls").parentElement);
}

function fillTable() {
  find("calls").tBodies[0].replaceChildren(...last.slice(0, all ? undefined : AT_FIRST).map(row));
  find("all-calls").hidden = last.length <= AT_FIRST;
  find("all-calls").setAttribute("aria-expanded", all);
  say(find("all-calls"), all ? "Show fewer" : `Show all ${last.length}`);
}

function row(call) {
  const cell = (label, text, kind = "") => element("td", { role: "cell", "data-label": label, class: kind }, text);
  return element(
    "tr",
    { role: "row" },
    cell("Time", timeOfDay(call.began)),
    cell("Model", call.model.split("/")[0] === call.site ? call.model : `${call.model} (${call.site})`),
    cell("Client", call.client.startsWith("Mozilla/") ? "browser" : call.client || "–"),
    cell("Outcome", call.outcome.replaceAll("_", " "), look(call)),
    cell("First piece", call.first_piece === null ? "–" : took(call.first_piece), "number"),
    cell("Whole", took(call.seconds), "number"),
    cell("Tokens", tokens(call), "number"),
  );
}

function tokens(call) {
  if (call.prompt_tokens === null) return "–";
  return `${call.estimated ? "≈ " : ""}${count(call.prompt_tokens)} + ${count(call.completion_tokens)}`;
}
