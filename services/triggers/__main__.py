"""`python -m services.triggers` judges the windows of one slot; `dry-run` only tells what policies would ask for."""

import sys

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            from services.triggers.wiring import main

            main()
        case ["dry-run"]:
            from services.triggers import dry_run

            sys.exit(dry_run.main(sys.stdin.buffer, sys.stdout.buffer))
        case _:
            sys.exit("usage: python -m services.triggers [dry-run]")
