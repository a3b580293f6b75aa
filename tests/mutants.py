"""Writes docs/mutants.md from what `mutmut run` left: each change of a rule that no test notices, and why it stays.

`python -m tests.mutants` exits with 1 where a survivor has no reason here (it then belongs in a test), or where the run
was broken off.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import mutmut
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

REPORT = Path("docs/mutants.md")
STATUSES = ("killed", "timeout", "survived", "no tests", "not checked")
HEAD = """# Changes that no test notices

`make mutants` changes the rules on dates and money in one spot at a time (mutmut {version}), and runs the tests of
these rules against each change. A change that a test notices is *killed*; one that never ends is stopped
(*timeout*), and counts as noticed. What survives is listed below with the reason why it stays: `python -m
tests.mutants` writes this page, and fails while a survivor has none. The tool leaves constants, properties and
cached functions alone.

The tests run with the examples that Hypothesis always takes (its profile `ci`), so a second run finds the same.

"""
ENGLISH = "The English sentence of a refusal, for logs. Programs and pages go by field, code and particulars."


@dataclass(frozen=True)
class Survivor:
    """A change that no test notices: in which function, and its lines before and after."""

    module: str
    function: str
    status: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.after:
            return f"`{self.function}`: without ``{self.before}``"
        return f"`{self.function}`: ``{self.before}`` → ``{self.after}``"


@dataclass(frozen=True)
class Reason:
    """Why changes to the code that ``before`` matches stay, in that function, if they become what ``after`` matches."""

    function: str
    before: str
    after: str
    why: str

    def explains(self, survivor: Survivor) -> bool:
        return (
            survivor.status == "survived"
            and survivor.function == self.function
            and re.search(self.before, survivor.before) is not None
            and re.search(self.after, survivor.after) is not None
        )


REASONS: tuple[Reason, ...] = (
    Reason("last_term_of", "last_day < clause.anchor", "last_day <= clause.anchor", "The anchor is a day of term 1."),
    Reason(
        "end_containing",
        r"day \+ relativedelta",
        r"day - relativedelta",
        "A month and a day that are set have no sign.",
    ),
    Reason("end_containing", "day=31", "day=32", "Both are clamped to the last day of the month."),
    Reason("count_forward", "NoticeUnit.DAYS", "None", "What is neither weeks nor months is counted as days."),
    Reason(
        "_number_after",
        "elapsed < lasts",
        "elapsed <= lasts",
        "The first day of a term is named alike from both sides.",
    ),
    Reason("quote", r"\.days if current", "or True", "A priced term has an end: an indefinite one is priced by years."),
    Reason("quote", "else 0", "else 1", "A priced term has an end: an indefinite one is priced by years."),
    Reason(
        "quote", r"Decimal\(0\)\)", r"counts\), \)", "What takes the place of the fees always counts: no sum is empty."
    ),
    Reason(
        "next_end",
        "earliest = end_if_given",
        r"None|on, \)",
        "The way out that a missed reminder opens lets a notice name any day: halving finds the same one.",
    ),
    Reason("next_end", r"days \+ 1", r"days \+ 2", "A notice given on the exit's own day reaches it at the latest."),
    Reason(
        "_remaining",
        "fee_on",
        r"after \+ ONE_DAY",
        "With no day left of the term its last price counts, which no later day changes.",
    ),
)

_DETAIL = re.compile(r'(InvalidInput\( ?(?:"\w+"|\w+), "\w+", )(?:None|f?"(?:[^"\\]|\\.)*")')


def reason_for(survivor: Survivor) -> str | None:
    """Return why the change stays, or nothing where it should not."""
    before, after = (_DETAIL.sub(r"\1", text) for text in (survivor.before, survivor.after))
    if survivor.status == "survived" and before == after:
        return ENGLISH
    return next((reason.why for reason in REASONS if reason.explains(survivor)), None)


def sentences(found: list[Survivor]) -> list[str]:
    """Return each refusal once, with the number of its changes: no sentence, other letters, crosses around it."""
    told = Counter((one.function, one.before) for one in found)
    return [f"`{function}`: ``{before}``, {count} changes" for (function, before), count in told.items()]


def survivor_of(module: Path, mutant: str, status: str) -> Survivor:
    """Return the change that ``mutant`` is, its lines joined."""
    lines = get_diff_for_mutant(mutant, path=module).splitlines()[3:]
    before, after = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    function = mutant.removesuffix(mutant[mutant.rindex("__mutmut_") :]).rpartition(".")[2]
    function = function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return Survivor(module.stem, function, status, before, after)


def report(counts: dict[str, Counter[str]], survivors: list[Survivor]) -> tuple[str, int]:
    """Return the page, and how many survivors have no reason."""
    explained: dict[str, dict[str, list[Survivor]]] = {}
    unexplained = []
    for survivor in survivors:
        why = reason_for(survivor)
        if why is None:
            unexplained.append(survivor)
        else:
            explained.setdefault(survivor.module, {}).setdefault(why, []).append(survivor)
    page = [HEAD.format(version=mutmut.__version__), f"| rules | changes | {' | '.join(STATUSES)} |\n"]
    page.append(f"|---|---:|{'---:|' * len(STATUSES)}\n")
    for module, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        numbers = [count.total(), *(count[status] for status in STATUSES)]
        page.append(f"| {module} | {' | '.join(map(str, numbers))} |\n")
    page.append("\n## Unexplained\n\n")
    page += [f"- {one.module}, {one.status}: {one}\n" for one in unexplained] or ["None.\n"]
    for module, reasons in explained.items():
        page.append(f"\n## {module}\n")
        for why, found in reasons.items():
            page.append(f"\n{why}\n\n")
            page += [f"- {text}\n" for text in (sentences(found) if why is ENGLISH else map(str, found))]
    return "".join(page), len(unexplained)


def main() -> int:
    counts: dict[str, Counter[str]] = {}
    survivors: list[Survivor] = []
    for path in map(Path, config().only_mutate):
        results = SourceFileMutationData(path=path)
        results.load()
        found = {mutant: status_by_exit_code[code] for mutant, code in results.exit_code_by_key.items()}
        counts[path.stem] = Counter(found.values())
        settled = ("killed", "timeout", "not checked")
        survivors += [survivor_of(path, mutant, status) for mutant, status in found.items() if status not in settled]
    page, unexplained = report(counts, survivors)
    REPORT.write_text(page)
    unchecked = sum(count["not checked"] for count in counts.values())
    if unexplained or unchecked:
        print(f"{unexplained} of {len(survivors)} survivors have no reason: see {REPORT}", file=sys.stderr)
        print(f"{unchecked} changes were not checked: `mutmut run` goes on with them", file=sys.stderr)
    return 1 if unexplained or unchecked else 0


if __name__ == "__main__":
    sys.exit(main())
