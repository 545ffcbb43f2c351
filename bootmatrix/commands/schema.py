from __future__ import annotations

import click


@click.command(
    "schema",
    epilog="""\b
Example, for an editor with the YAML language server:
  bootmatrix schema > matrix.schema.json
  and as the first line of matrix.yaml:
  # yaml-language-server: $schema=matrix.schema.json""",
)
def command() -> None:
    """Print the JSON Schema of matrix.yaml."""
    import json  # noqa: PLC0415

    from bootmatrix.matrix.keys.schema import json_schema  # noqa: PLC0415

    click.echo(json.dumps(json_schema(), indent=2))
