"""The provider of Chainlit (https://chainlit.io): any chat app that is made with it.

`provider` makes the calls, `wire_shapes` has the JSON of the app's events and settings, and `answer` makes text and
events of what the app tells about one question.
"""
