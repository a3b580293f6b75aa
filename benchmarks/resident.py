"""The resident memory of this process, now and at its peak since it was last asked to forget it (Linux)."""

from pathlib import Path

# Written to ``clear_refs``: the peak is the present (proc(5)).
FORGET_PEAK = "5"


def now() -> float:
    """Return the memory that is resident now, in MiB."""
    return _of("VmRSS")


def peak() -> float:
    """Return the most that was resident since :func:`forget_peak`, in MiB."""
    return _of("VmHWM")


def forget_peak() -> None:
    """Let the peak begin anew. :raises OSError: the kernel does not let this process."""
    Path("/proc/self/clear_refs").write_text(FORGET_PEAK)


def _of(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the kernel does not tell {name}")
