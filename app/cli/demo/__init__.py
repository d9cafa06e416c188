"""`eclaims demo`: the main job on a fresh installation, over real HTTP, step by step.

`steps` holds the steps and what each must answer; the run never writes an expectation.
"""

from __future__ import annotations

import click

from app.cli.options import Refusal, json_option

_DIFFERENT = "Not every step went as expected."


@click.command()
@json_option
@click.option("--keep", is_flag=True, help="Keep the temporary installation and tell where it is.")
def demo(as_json: bool, keep: bool) -> None:
    """Walk through the care cycle on a temporary installation, over HTTP.

    Eligibility, claims of all three uses, an attachment that is asked for, all seven Task codes,
    poll by every filter, and the official Tasks of HL7 as published. Each answer is compared with
    a written expectation; a difference is exit code 1.
    """
    from app.cli.demo import report
    from app.cli.demo.care_cycle import CARE_CYCLE
    from app.cli.demo.temporary import interruptible, temporary_gateway
    from app.cli.demo.walk import Walk, walked

    with interruptible(), temporary_gateway(is_kept=keep) as gateway:
        with report.progress(len(CARE_CYCLE), is_quiet=as_json) as tell:
            served = gateway.started(tell)
            outcomes = walked(CARE_CYCLE, Walk(served), tell)
        (report.as_json if as_json else report.as_table)(outcomes)
    if not all(outcome.held for outcome in outcomes):
        raise Refusal(_DIFFERENT)
    if not as_json:
        report.where_to_go_next()
