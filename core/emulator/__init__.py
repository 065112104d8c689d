"""A pretend Entra tenant and two Azure OpenAI resources over real HTTP. Imports nothing else from core."""
