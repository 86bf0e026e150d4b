"""The provider of Gradio (https://www.gradio.app): any chat app that is made with it.

`provider` makes the calls. `wire_shapes` has the JSON of the app's answers, `app_config` reads which function is the
chat, `arguments` builds what it takes, and `answer_text` makes text of what it answers.
"""
