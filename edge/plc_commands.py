"""`sealline plc …`: what concerns the PLCs' side of the interface."""

import typer

from edge import plc_commissioning

app = typer.Typer(help="The PLCs: prove a program against the interface, look at it, commission it.", no_args_is_help=True)
plc_commissioning.register(app)
