"""The site of the README's "Your own site": a login page, who is signed in, and a stream of events."""

from __future__ import annotations

import asyncio
import json
import secrets

from aiohttp import web

USER, PASSWORD = "ada@example.org", "difference-engine"
ANSWER = ("The air", " scatters", " blue light", " most.")
PAGE = """<!doctype html><title>My site</title><form><input name=prompt autofocus></form><main></main><script>
const messages = [];
document.querySelector("form").onsubmit = async event => {
  event.preventDefault();
  const field = event.target.prompt;
  messages.push({role: "user", content: field.value});
  field.value = "";
  const answer = await fetch("/api/chat", {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({messages}),
  });
  const events = (await answer.text()).split("\\n\\n").filter(one => one && !one.includes("[DONE]"));
  const text = events.map(one => JSON.parse(one.slice(6)).text).join("");
  messages.push({role: "assistant", content: text});
  document.querySelector("main").innerText = text;
};
fetch("/api/me");
</script>"""
LOGIN = """<!doctype html><title>Log in</title><form method=post>
<input name=email autofocus><input name=password type=password><button>Log in</button></form>"""


def application(gap: float = 0.0) -> web.Application:
    """The site. `gap` is the time between two pieces of an answer, in seconds."""
    sessions: set[str] = set()

    def known(request: web.Request) -> bool:
        return request.cookies.get("session") in sessions

    async def page(request: web.Request) -> web.Response:
        if not known(request):
            raise web.HTTPSeeOther("/login")
        return web.Response(text=PAGE, content_type="text/html")

    async def login_page(_: web.Request) -> web.Response:
        return web.Response(text=LOGIN, content_type="text/html")

    async def login(request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("email"), form.get("password")) != (USER, PASSWORD):
            raise web.HTTPSeeOther("/login")
        sessions.add(session := secrets.token_urlsafe())
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie("session", session, httponly=True, samesite="Lax", max_age=3600)
        return answer

    async def me(request: web.Request) -> web.Response:
        if not known(request):
            raise web.HTTPUnauthorized
        return web.json_response({"email": USER})

    async def chat(request: web.Request) -> web.StreamResponse:
        if not known(request):
            raise web.HTTPUnauthorized
        if not (await request.json())["messages"]:
            raise web.HTTPBadRequest
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in ANSWER:
            await response.write(f"data: {json.dumps({'text': piece})}\n\n".encode())
            await asyncio.sleep(gap)
        await response.write(b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/login", login_page)
    app.router.add_post("/login", login)
    app.router.add_get("/api/me", me)
    app.router.add_post("/api/chat", chat)
    return app


if __name__ == "__main__":
    web.run_app(application(gap=0.2), host="127.0.0.1", port=8000)
