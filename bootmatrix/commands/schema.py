from __future__ import annotations

import click


@click.command(
    "schema",
    epilog="\b\nExample, for an editor with the YAML language server:\n  bootmatrix schema > matrix.schema.json\n  and as matrix.yaml's first line:\n  # yaml-language-server: $schema=matrix.schema.json",
)
def command() -> None:
    """Print the JSON Schema of matrix.yaml."""
    import json  # noqa: PLC0415

    from bootmatrix.matrix.schema import json_schema  # noqa: PLC0415

    click.echo(json.dumps(json_schema(), indent=2))
