"""How the tests hash passwords: as the service does, with parameters that cost nothing."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with the least memory and one pass. What it makes, the service's own hasher would make anew."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
