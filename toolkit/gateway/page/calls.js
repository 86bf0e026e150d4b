// The last calls, as a table.

import { drawChart, look } from "./chart.js";
import { element, find } from "./elements.js";
import { count, timeOfDay, took } from "./format.js";

let shown = "";

export function showCalls(calls) {
  const now = JSON.stringify(calls);
  if (now === shown) return;
  shown = now;
  find("calls").hidden = calls.length === 0;
  find("no-calls").hidden = calls.length > 0;
  find("calls").tBodies[0].replaceChildren(...calls.map(row));
  drawChart(calls);
}

function row(call) {
  const cell = (label, text, kind = "") => element("td", { role: "cell", "data-label": label, class: kind }, text);
  return element(
    "tr",
    { role: "row" },
    cell("Time", timeOfDay(call.began)),
    cell("Model", call.model.split("/")[0] === call.site ? call.model : `${call.model} (${call.site})`),
    cell("Client", call.client || "–"),
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
