"""The provider of Gradio (https://www.gradio.app): any chat app that is made with it.

`provider` makes the calls, and `uploads` those for files. `wire_shapes` has the JSON of the app's answers, `app_config`
reads what the app consists of, and `chat_flow` finds the functions that its page calls for a question. `arguments`
builds what they take. `answer` makes events of what they answer, whose messages `answer_contents` reads;
`marked_text` has what stands between its parts at its place.
"""
