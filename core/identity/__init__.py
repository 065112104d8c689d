"""Who is calling: sign-in through Entra, sessions' tokens, and the app's own identity.

A person is the pair (tenant id, object id) of a validated token, never an e-mail address or user name.
Nothing is imported here, so that naming the room costs no import of MSAL or azure-identity.
"""
