"""What HTTP sees before Streamlit does: the gate, the sign-in routes, health, headers and plain-HTML pages."""
