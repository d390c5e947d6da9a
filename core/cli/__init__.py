"""The command line: parse arguments, run one command, turn failures into one sentence and a code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from core.cli import ask, bench, doctor, evaluate, history, ingest
from core.errors import TandemError, redact
from core.loop import get_loop
from core.settings import Settings

COMMANDS = {
    "ingest": ingest,
    "ask": ask,
    "bench": bench,
    "evaluate": evaluate,
    "history": history,
    "doctor": doctor,
}


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="python -m core",
        description="Tandem without the browser: LlamaIndex and LangChain over one Milvus, compared.",
        epilog="Every setting is also a TANDEM_* environment variable; `doctor` lists them.",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        # A command may give one of the common options a meaning of its own: the last one counts.
        sub = commands.add_parser(name, help=module.HELP, description=module.HELP, conflict_handler="resolve")
        sub.add_argument("--workspace", default="default", help="which corpus (default: %(default)s)")
        sub.add_argument("--uri", help="Milvus: a path for Milvus Lite, or http://HOST:PORT")
        sub.add_argument("--json", action="store_true", help="print the result as JSON")
        module.configure(sub)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    0 all succeeded, 1 something failed, 2 wrong usage, 3 a limit was missed, 130 stopped by Ctrl-C.
    """
    arguments = parser().parse_args(argv)
    secrets: tuple[str, ...] = ()
    try:
        settings = Settings.load({"milvus_uri": arguments.uri})
        secrets = settings.secrets
        code: int = COMMANDS[arguments.command].run(arguments, settings)
        return code
    except TandemError as error:
        print(f"Error: {redact(str(error), secrets)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:  # noqa: BLE001 - the edge of the program: no traceback reaches a user
        kind = type(error).__name__
        print(f"Error: {arguments.command} failed with {kind}: please report it.", file=sys.stderr)
        return 1
    finally:
        get_loop().shutdown(timeout=5)
