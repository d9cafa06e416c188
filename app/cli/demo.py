"""`eclaims demo`: the main job on a fresh installation, over real HTTP, step by step."""

import click


@click.command()
def demo() -> None:
    """Walk through the care cycle on a temporary installation."""
