"""How many people a client's rule may touch at once."""


def most(population: int, percent: int) -> int:
    """Return the share of a population, rounded up, and never less than one person.

    :raises ValueError: a share outside 1 to 100 per cent, or fewer people than none.
    """
    if not 1 <= percent <= 100:
        raise ValueError("percent: from 1 to 100")
    if population < 0:
        raise ValueError("population: not below 0")
    return max(1, -(-population * percent // 100))
