"""All dialects, by name."""

from __future__ import annotations

from toolkit.providers.dialects.ag_ui import AGUI
from toolkit.providers.dialects.ai_sdk_4 import AISDK4
from toolkit.providers.dialects.ai_sdk_5 import AISDK5
from toolkit.providers.dialects.anthropic import Anthropic
from toolkit.providers.dialects.anythingllm import AnythingLLM
from toolkit.providers.dialects.base import Dialect
from toolkit.providers.dialects.chat_ui import ChatUI
from toolkit.providers.dialects.dify import Dify
from toolkit.providers.dialects.flowise import Flowise
from toolkit.providers.dialects.gemini import Gemini
from toolkit.providers.dialects.gradio_call import GradioCall
from toolkit.providers.dialects.gradio_queue import GradioQueue
from toolkit.providers.dialects.langflow import Langflow
from toolkit.providers.dialects.langgraph import LangGraph
from toolkit.providers.dialects.langserve import LangServe, LangServeLog
from toolkit.providers.dialects.librechat import LibreChat
from toolkit.providers.dialects.lobechat import LobeChat
from toolkit.providers.dialects.n8n import N8n
from toolkit.providers.dialects.ollama import Ollama
from toolkit.providers.dialects.openai_chat import OpenAIChat
from toolkit.providers.dialects.openai_responses import OpenAIResponses
from toolkit.providers.dialects.plain_text import PlainText
from toolkit.providers.dialects.rasa import Rasa

KINDS: tuple[type[Dialect], ...] = (
    *(OpenAIChat, OpenAIResponses, Anthropic, Gemini, Ollama),
    *(AISDK4, AISDK5, PlainText, AGUI, LangServe, LangServeLog, LangGraph, GradioCall, GradioQueue),
    *(ChatUI, LibreChat, Dify, Flowise, Langflow, AnythingLLM, LobeChat, N8n, Rasa),
)
DIALECTS: dict[str, type[Dialect]] = {dialect.name: dialect for dialect in KINDS}
