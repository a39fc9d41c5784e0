"""Adding the manager's desk of sterilizers."""

from __future__ import annotations

from flask import Flask

from compliance.web.sterilizers import (
    board,
    cycle,
    imports,
    listing,
    machine,
    making,
    mapping,
    rules,
    tightening,
)


def register_sterilizers(app: Flask) -> None:
    """Add board, cycles, log files, mappings and rules; after `register_identity`."""
    for module in (board, making, machine, listing, cycle, imports, mapping, rules, tightening):
        app.register_blueprint(module.blueprint)
