"""OpenAI's chat completions, which several sites give: their shapes, and the answer in all its dialects."""
