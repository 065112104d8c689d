"""The baseline: a chat page as tutorials write it, with a client made in every rerun and ``st.write_stream``."""

import os

import streamlit as st
from openai import AzureOpenAI

client = AzureOpenAI(
    azure_endpoint=os.environ["STUB_URL"], api_version="2024-10-21", azure_ad_token="a-token-at-no-cost"
)

st.title("Chat")
if "messages" not in st.session_state:
    st.session_state.messages = []
for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])
if prompt := st.chat_input("Ask"):
    st.session_state.messages.append({"role": "user", "content": prompt})
    with st.chat_message("user"):
        st.markdown(prompt)
    with st.chat_message("assistant"):
        stream = client.chat.completions.create(model="stub", messages=st.session_state.messages, stream=True)
        answer = st.write_stream(stream)
    st.session_state.messages.append({"role": "assistant", "content": answer})
