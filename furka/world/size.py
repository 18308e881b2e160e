"""How large a made-up world is."""

from __future__ import annotations

from dataclasses import astuple, dataclass


class WrongSize(ValueError):
    """A size that no world can have; the text says why."""


@dataclass(frozen=True, slots=True)
class Size:
    """So many of each."""

    resellers: int
    customers: int
    sites: int
    people: int

    def __post_init__(self) -> None:
        if min(astuple(self)) < 1:
            raise WrongSize("At least one of each.")
        if self.people < self.resellers + 4:
            raise WrongSize("Every reseller has an owner of its own, and four people more have a name.")

    def __str__(self) -> str:
        return f"{self.resellers} resellers, {self.customers} customers, {self.sites} sites, {self.people} people"


SIZES = {
    "tiny": Size(3, 8, 40, 40),
    "small": Size(12, 200, 2_000, 1_000),
    "full": Size(200, 10_000, 100_000, 50_000),
}


def size_of(text: str) -> Size:
    """A size by its name, or as four numbers. Raises WrongSize."""
    if text in SIZES:
        return SIZES[text]
    numbers = text.split(",")
    if len(numbers) != 4 or not all(number.strip().isdecimal() for number in numbers):
        raise WrongSize(
            f"Either one of {', '.join(SIZES)}, or four numbers: RESELLERS,CUSTOMERS,SITES,PEOPLE."
        )
    return Size(*map(int, numbers))
