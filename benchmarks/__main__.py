"""Run every benchmark, or those that are named: `python -m benchmarks [NAME ...]`.

Each is a module of this package with a `main()` that prints its figures.
"""

import sys
import time
from importlib import import_module
from pathlib import Path

WIDTH = 24


def names() -> list[str]:
    """Every benchmark there is."""
    modules = Path(__file__).parent.glob("[!_]*.py")
    return sorted(module.stem for module in modules)


def main(wanted: list[str]) -> int:
    """Run them one after the other, then print what each took; 2 for an unknown name."""
    known = names()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    took = {}
    for name in wanted or known:
        print(f"== {name}")
        started = time.perf_counter()
        import_module(f"benchmarks.{name}").main()
        took[name] = time.perf_counter() - started
    print(f"\n{'benchmark':<{WIDTH}}{'seconds':>10}")
    for name, seconds in took.items():
        print(f"{name:<{WIDTH}}{seconds:>10.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
