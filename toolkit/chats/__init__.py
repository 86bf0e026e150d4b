"""What is asked and what is answered: messages, the events of an answer, the stream of them, its deadlines. No HTTP.

The room is not called `chat`, because `toolkit.chat` is the function.
"""
