"use strict";
// As the real page, one document for every path: it asks who its token is of, and goes to /auth where that is nobody.
const BASE = document.body.dataset.base;
const api = (path, options = {}) => fetch(`${BASE}/api${path}`, {
  ...options,
  headers: {"Content-Type": "application/json", ...(localStorage.token ? {Authorization: `Bearer ${localStorage.token}`} : {})},
});
const add = (parent, tag, values = {}) => {
  const element = Object.assign(document.createElement(tag), values);
  parent.append(element);
  return element;
};
const app = document.getElementById("app");

async function ask(text, model) {
  const response = await api("/chat/completions", {
    method: "POST", body: JSON.stringify({model, stream: true, messages: [{role: "user", content: text}]}),
  });
  const line = add(app, "p");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (event === "data: [DONE]") { line.className = "answer"; continue; }
      line.textContent += JSON.parse(event.slice(6)).choices?.[0].delta.content ?? "";
    }
  }
}

async function showChat(user) {
  history.replaceState(null, "", `${BASE}/`);
  app.replaceChildren();
  add(app, "p", {id: "signed-in-as", textContent: `Signed in as ${user.name}`});
  if (user.role === "pending") { add(app, "p", {textContent: "Account activation pending"}); return; }
  const models = (await (await api("/models")).json()).data;
  const box = add(app, "textarea");
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    ask(box.value, models[0].id);
    box.value = "";
  });
}

function showForm() {
  history.replaceState(null, "", `${BASE}/auth?redirect=%2F`);
  app.replaceChildren();
  const form = add(app, "form");
  const email = add(form, "input", {type: "email", id: "email"});
  const password = add(form, "input", {type: "password", id: "password"});
  add(form, "button", {type: "submit", textContent: "Enter"});
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = JSON.stringify({email: email.value, password: password.value});
    const answer = await api("/v1/auths/signin", {method: "POST", body});
    if (!answer.ok) { add(form, "p", {id: "error", textContent: (await answer.json()).detail}); return; }
    const user = await answer.json();
    localStorage.token = user.token;
    await showChat(user);
  });
}

async function start() {
  await fetch(`${BASE}/api/config`);
  if (!localStorage.token) { showForm(); return; }
  const answer = await api("/v1/auths/");
  if (answer.ok) { await showChat(await answer.json()); return; }
  localStorage.removeItem("token");
  showForm();
}
start();
