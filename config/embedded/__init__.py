"""Terme on one machine: PostgreSQL and Valkey from their wheels, secrets, and ``manage.py up``. No Django here.

``manage.py`` uses this before Django loads. Production names its own engines and secrets and does not come here.
"""
