"""`python -m core doctor`."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from core.cli.output import print_json, say
from core.doctor import diagnose
from core.loop import run as run_on_loop
from core.settings import Settings

HELP = "Print the settings in force, test each connection, and say how to mend what does not work."


def configure(parser: argparse.ArgumentParser) -> None:
    """This command has no arguments of its own."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Diagnose; 0 when every check passed."""
    checks = run_on_loop(diagnose(settings))
    if arguments.json:
        print_json(
            {"schema_version": 1, "settings": settings.masked(), "checks": [asdict(c) for c in checks]}
        )
    else:
        say("Settings")
        for name, value in settings.masked().items():
            say(f"  TANDEM_{name.upper():<22} {value}")
        say("Checks")
        for check in checks:
            say(f"  {'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    return 0 if all(check.ok for check in checks) else 1
