// How long the last calls took: a bar for each, the oldest on the left, in two parts.

import { drawn, find } from "./elements.js";
import { timeOfDay, took } from "./format.js";

const SHOWN = 60;
const [HEIGHT, LEFT, TOP] = [144, 44, 16];

export const look = (call) => (call.outcome === "ok" ? "good" : call.outcome === "cancelled" ? "cancelled" : "bad");

export function drawChart(calls) {
  const chart = find("chart");
  chart.toggleAttribute("hidden", calls.length === 0);
  chart.parentElement.hidden = calls.length === 0;
  if (calls.length === 0) return chart.replaceChildren();
  const width = chart.clientWidth;
  if (width === 0) return;  // nothing is shown yet, and the next change of its size draws it
  const bars = calls.slice(0, SHOWN).reverse();
  const top = roundUp(Math.max(...bars.map((call) => call.seconds)));
  const y = (seconds) => TOP + (1 - seconds / top) * (HEIGHT - TOP);
  const step = (width - LEFT) / SHOWN;
  const lines = [0, top / 2, top].flatMap((value) => [
    drawn("line", { x1: LEFT, x2: width, y1: y(value), y2: y(value) }),
    drawn("text", { x: LEFT - 6, y: y(value) + (value ? 4 : -1), "text-anchor": "end" }, value < 1 ? took(value) : `${value} s`),
  ]);
  chart.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  chart.setAttribute("aria-label", summary(bars));
  chart.replaceChildren(...lines, ...bars.map((call, place) => bar(call, LEFT + place * step, step, y)));
}

function bar(call, x, step, y) {
  const part = (from, to, kind) =>
    drawn("rect", { x: x + step * 0.15, width: step * 0.7, y: y(to), height: Math.max(1, y(from) - y(to)), class: kind });
  const first = call.first_piece ?? call.seconds;
  const title = `${timeOfDay(call.began)} ${call.model}: ${call.outcome}, ${took(call.seconds)}`;
  const told = drawn("title", {}, title);
  if (look(call) !== "good") {
    const mark = drawn("text", { x: x + step / 2, y: y(call.seconds) - 3, "text-anchor": "middle" }, "×");
    return drawn("g", {}, told, part(0, call.seconds, look(call)), mark);
  }
  return drawn("g", {}, told, part(first, call.seconds, "rest"), part(0, first, "wait"));
}

// The next of 1, 2, 5, 10, 20 … that holds all.
function roundUp(seconds) {
  const power = 10 ** Math.floor(Math.log10(Math.max(seconds, 0.01)));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= seconds) ?? power * 10;
}

function summary(bars) {
  const times = bars.map((call) => call.seconds).sort((a, b) => a - b);
  const [good, failed] = ["good", "bad"].map((kind) => bars.filter((call) => look(call) === kind).length);
  return `The last ${bars.length} calls: ${good} ok, ${failed} failed; half of them took at most ${took(times[times.length >> 1])}.`;
}
