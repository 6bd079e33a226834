"""``python -m tests.fuzz [TARGET [SECONDS]]``: look for inputs that a target can't bear; all targets without a name.

What is tried on the way is kept in ``.cache/fuzz/TARGET``, so that the next run goes on where this one stopped. An input that was
found goes to ``.cache/fuzz/found``: mend what it shows and put it into ``tests/fuzz/corpus/TARGET``, where the tests run it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SECONDS = 60
ROOT = Path(__file__).parent.parent.parent
CACHE = ROOT / ".cache" / "fuzz"


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one target; never returns: libFuzzer ends the process."""
    try:
        import atheris  # noqa: PLC0415 - only here: the corpus is tested without it
    except ImportError:
        sys.exit("atheris is not installed: `make fuzz` installs it from tests/fuzz/requirements.txt")
    with atheris.instrument_imports(include=["adapters"]):
        from tests.fuzz.targets import HERE, TARGETS  # noqa: PLC0415
    if name not in TARGETS:
        sys.exit(f"there is no target {name}; there are {', '.join(TARGETS)}")
    target = TARGETS[name]
    tried, found = CACHE / name, CACHE / "found"
    tried.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={target.largest}", "-timeout=2", "-rss_limit_mb=512"]
    directories = [path for path in (tried, HERE / "corpus" / name, *target.seeds) if path.is_dir()]
    arguments = [f"-artifact_prefix={found}/{name}-", "-print_final_stats=1", *limits, *map(str, directories)]
    atheris.Setup([sys.argv[0], *arguments], target.run)
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """Fuzz one target in this process, or all of them one after the other."""
    if arguments:
        fuzz(arguments[0], int(arguments[1]) if len(arguments) > 1 else SECONDS)
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - not before it is to be instrumented

    failed = []
    for name in TARGETS:
        print(f"== {name}", flush=True)  # noqa: T201
        if subprocess.run([sys.executable, "-m", "tests.fuzz", name], cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"found something: {', '.join(failed)}; see {CACHE / 'found'}" if failed else "nothing found")  # noqa: T201
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
