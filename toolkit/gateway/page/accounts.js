// The accounts: whether their sessions hold, what makes them anew, and their models.

import { element, find, say } from "./elements.js";
import { date, span } from "./format.js";
import { ask } from "./server.js";

const LOOKS = { ok: "good", "expires soon": "warn", expired: "bad", "login needed": "bad" };
const cards = new Map();

export function showAccounts(status, refresh) {
  const names = new Set();
  for (const site of status.sites) {
    const id = `${site.name} ${site.origin}`;
    names.add(id);
    if (!cards.has(id)) {
      cards.set(id, new Card(site, refresh));
      find("accounts").append(cards.get(id).item);
    }
    cards.get(id).show(site, status.now);
  }
  for (const [id, card] of cards) {
    if (names.has(id)) continue;
    card.item.remove();
    cards.delete(id);
  }
  find("no-accounts").hidden = names.size > 0;
}

export function showModels(ids) {
  for (const card of cards.values()) card.showModels(ids);
}

export function clearAccounts() {
  cards.clear();
  find("accounts").replaceChildren();
}

class Card {
  constructor(site, refresh) {
    this.name = site.name;
    this.state = element("span", { class: "state" });
    this.about = element("p", { class: "about muted" });
    this.until = element("p", { class: "about" });
    this.command = element("code", { class: "command" });
    this.copy = element("button", { type: "button", "aria-label": `Copy the command for ${site.name}` }, "Copy");
    this.login = element("button", { type: "button", "aria-label": `Log in to ${site.name} in a window` }, "Log in");
    this.loginState = element("p", { class: "muted", role: "status" });
    this.count = element("summary");
    this.list = element("ul");
    this.models = element("details", { class: "models", hidden: "" }, this.count, this.list);
    const title = element("div", { class: "title" }, element("h3", {}, site.name), this.state);
    this.label = element("span", { class: "muted" });
    const row = element("div", { class: "row" }, this.label, this.command, this.copy, this.login);
    this.item = element("li", {}, title, this.about, this.until, row, this.loginState, this.models);
    this.copy.addEventListener("click", () => this.copyCommand());
    this.login.addEventListener("click", async () => {
      this.login.disabled = true;
      const { provider, origin, account } = this.site;
      try {
        await ask("/api/login", { provider, origin, account });
      } catch (error) {
        say(this.loginState, error.message);
      }
      refresh();
    });
  }

  show(site, now) {
    this.site = site;
    this.state.className = `state ${LOOKS[site.state] ?? "idle"}`;
    say(this.state, site.state);
    say(this.about, [site.origin, site.identity && `signed in as ${site.identity}`, site.kind].filter(Boolean).join(" · "));
    say(this.until, until(site.expires_at, now));
    this.until.hidden = site.expires_at === null;
    this.showCommand(site.command);
    this.login.hidden = !site.can_log_in;
    this.login.disabled = site.login?.state === "open";
    if (site.login) {
      const words = { open: "A window is open for it on the server's display.", done: "Logged in.", failed: "" };
      say(this.loginState, words[site.login.state] + site.login.message);
    }
  }

  showCommand(text) {
    if (this.command.textContent === text) return;
    say(this.label, text.startsWith("toolkit login ") ? "To log in again:" : "For a new session:");
    // A line ends between two words, and not at a hyphen.
    this.command.replaceChildren(...text.split(" ").flatMap((word, place) => [place ? " " : "", element("span", {}, word)]));
  }

  showModels(ids) {
    const own = ids.filter((id) => id === this.name || id.startsWith(`${this.name}/`));
    this.models.hidden = own.length === 0;
    say(this.count, own.length === 1 ? "1 model" : `${own.length} models`);
    this.list.replaceChildren(...own.map((id) => element("li", {}, element("code", {}, id))));
  }

  async copyCommand() {
    try {
      await navigator.clipboard.writeText(this.command.textContent);
      say(find("said"), "");
      say(find("said"), "Copied.");
      say(this.copy, "Copied");
      setTimeout(() => say(this.copy, "Copy"), 2000);
    } catch {  // where the browser does not let pages write there, the person copies by hand
      getSelection().selectAllChildren(this.command);
    }
  }
}

function until(expires, now) {
  if (expires === null) return "";
  return expires > now ? `Good until ${date(expires)} (${span(expires - now)} left)` : `Expired ${date(expires)} (${span(now - expires)} ago)`;
}
