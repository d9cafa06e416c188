"""`python -m app.cli` is `eclaims`, also where no script was installed."""

from app.cli import main

main(prog_name="eclaims")
