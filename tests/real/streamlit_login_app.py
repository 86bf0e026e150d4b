# mypy: disable-error-code="untyped-decorator,no-any-return,misc"
"""A Streamlit app with a form for a password in its own page, by `streamlit run`."""

from __future__ import annotations

import streamlit

if "user" not in streamlit.session_state:
    with streamlit.form("login"):
        user = streamlit.text_input("User")
        password = streamlit.text_input("Password", type="password")
        if streamlit.form_submit_button("Sign in") and (user, password) == ("ada", "correct horse battery"):
            streamlit.session_state.user = user
            streamlit.rerun()
    streamlit.stop()
if asked := streamlit.chat_input("Ask"):
    streamlit.chat_message("user").write(asked)
    streamlit.chat_message("assistant").write(f"🌍 to {asked}")
