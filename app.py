"""`python app.py` serves Opium; `python app.py --help` lists what else it can do."""

from opium.cli import main

if __name__ == "__main__":
    main()
