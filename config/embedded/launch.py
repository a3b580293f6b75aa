"""Become another program: one that ends with its parent and, where asked, is not root. Run as a script, by path.

``launch.py [--signal N] [--unprivileged] -- PROGRAM ARGUMENT…``
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
UNPRIVILEGED_ID = 1000


def die_with_parent(number: int) -> None:
    """Ask the kernel for a signal when the parent is gone, whatever killed it. Linux only; elsewhere nothing."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it went in between
        os._exit(1)


def step_down_from_root() -> None:
    """Stop being uid 0, which PostgreSQL refuses: map root to another uid in a user namespace of our own.

    Files keep their owner outside, so the data directory and the program stay readable. Where the kernel or a
    container forbids namespaces, :func:`unprivileged_uid` is taken instead.
    """
    if os.geteuid() != 0:
        return
    uid, gid = os.getuid(), os.getgid()
    try:
        os.unshare(os.CLONE_NEWUSER)
    except (AttributeError, OSError):
        _become(unprivileged_uid())
        return
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{UNPRIVILEGED_ID} {uid} 1")
    _write("/proc/self/gid_map", f"{UNPRIVILEGED_ID} {gid} 1")


def namespaces_work() -> bool:
    """Say whether root can be mapped away here: tried in a child, which then ends."""
    child = os.fork()
    if child == 0:
        try:
            os.unshare(os.CLONE_NEWUSER)
        except (AttributeError, OSError):
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def unprivileged_uid() -> int:
    """Return the uid of ``nobody``: the engine's where root cannot be mapped away."""
    return 65534


def _become(uid: int) -> None:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def main(arguments: list[str]) -> None:
    place = arguments.index("--")
    options, command = arguments[:place], arguments[place + 1 :]
    if "--unprivileged" in options:
        step_down_from_root()
    number = int(options[options.index("--signal") + 1]) if "--signal" in options else signal.SIGTERM
    die_with_parent(number)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
