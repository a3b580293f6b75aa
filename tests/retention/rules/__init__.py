"""The pure rules of forgetting: tables, and attacks on what is published; no database, no clock."""
