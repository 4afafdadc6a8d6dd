"""python -m services.triggers: judges the windows of one slot."""

from services.triggers.wiring import main

if __name__ == "__main__":
    main()
