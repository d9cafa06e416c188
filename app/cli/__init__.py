"""The `eclaims` command.

Modules of this package import the layers inside functions, so that `--help` answers at once.
Exit codes: 0, 1 for a refusal, 2 for bad usage, 3 for a replay that differs, 130 when interrupted.
Docs: docs/command-line.md.
"""

import click

from app.cli import (
    audit,
    backup,
    check,
    clocks,
    database,
    decisions,
    demo,
    encryption,
    hold,
    init,
    keys,
    load,
    nullify,
    pay,
    payer,
    queue,
    replay,
    requeue,
    restore,
    retention,
    review,
    serve,
    submitter,
    tombstones,
    work,
)
from app.cli.faults import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="eclaims-gateway", prog_name="eclaims")
def main() -> None:
    """A payer's gateway for eClaims on FHIR: set it up, run it, look after it."""


for command in (
    init.init,
    check.check,
    serve.serve,
    work.work,
    payer.payer,
    submitter.submitter,
    keys.keys,
    load.load,
    pay.pay,
    queue.queue,
    clocks.clocks,
    decisions.decisions,
    requeue.requeue,
    review.review,
    replay.replay,
    nullify.nullify,
    hold.hold,
    backup.backup,
    restore.restore,
    tombstones.tombstones,
    retention.retention,
    audit.audit,
    encryption.encryption,
    database.db,
    demo.demo,
):
    main.add_command(command)
