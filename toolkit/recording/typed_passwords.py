"""Notes what is typed into the password fields of pages while they are recorded, so that it can be taken out wherever
it was sent. Pure.

Apps that draw their login form themselves send it in frames of their own making: one for each change of a field, under
no name that tells, or in bytes. What those frames mean is not known, but the field is.

The script runs in a world of its own (https://chromedevtools.github.io/devtools-protocol/tot/Page/, the method
`addScriptToEvaluateOnNewDocument`), which the page does not see.
"""

from __future__ import annotations

WORLD = BINDING = "toolkitRecorder"
# A field stays one for passwords where its page shows what was typed.
SCRIPT = f"""\
{{
  const fields = new WeakSet();
  addEventListener("input", (event) => {{
    const field = event.composedPath()[0];
    if (field instanceof HTMLInputElement && field.type === "password") fields.add(field);
    if (fields.has(field) && field.value) {BINDING}(field.value);
  }}, true);
}}"""
