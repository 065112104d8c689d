"""What Keyless does: sign-in, tokens, model calls, stored conversations. Knows no Streamlit."""
