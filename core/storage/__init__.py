"""What is kept: sessions, sealed token caches, conversations, the audit log; in SQLite or PostgreSQL by one URL.

Nothing is imported here, so that naming the room costs no import of SQLAlchemy.
"""
