// Times and numbers as people read them.

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const counts = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export const count = (number) => counts.format(number);
export const timeOfDay = (seconds) => clock.format(seconds * 1000);
export const date = (seconds) => day.format(seconds * 1000);

// How long something took, in ms or seconds with three digits that count.
export function took(seconds) {
  if (seconds === 0) return "0";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  return `${seconds < 9.995 ? seconds.toFixed(2) : seconds < 99.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

// A length of time in its largest whole unit.
export function span(seconds) {
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1);
  return `${Math.max(0, Math.floor(seconds / length))} ${unit}`;
}
