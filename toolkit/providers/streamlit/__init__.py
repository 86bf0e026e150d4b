"""The provider of Streamlit (https://streamlit.io): any app with a chat box, as `st.chat_input` makes one.

`provider` makes the calls. `messages` has the app's messages, which are protobuf, and `page` is what they make of the
page, and where its answer stands.
"""
