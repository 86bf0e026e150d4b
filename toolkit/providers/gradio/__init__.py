"""Gradio: any chat of an app made with it (https://www.gradio.app)."""
