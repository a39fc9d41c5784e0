"""Help is quick, and every command and setting is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from cli.running import ROOT, Run

from compliance.cli import COMMANDS, main
from compliance.cli.settings_help import SETTINGS


def all_commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                yield f"{name} {inner.name}", inner
        else:
            yield name, command


NAMES = [name for name, _ in all_commands()]


def test_the_overview_imports_neither_the_app_nor_the_libraries() -> None:
    script = (
        "import sys; from compliance.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "main(['run', '--help'], standalone_mode=False)\n"
        "heavy = {'flask', 'sqlalchemy', 'reportlab', 'pyhanko', 'granian'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_and_its_options(name: str, run: Run) -> None:
    result = run(*name.split(), "--help")
    assert result.exit_code == 0
    command = dict(all_commands())[name]
    assert command.help
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert all(option.help for option in options)


def test_every_command_is_in_the_documentation_and_no_other() -> None:
    documented = re.findall(r"^\| `compliance ([a-z -]+)`", read_doc("cli.md"), re.MULTILINE)
    assert sorted(documented) == sorted(NAMES)


def test_every_setting_is_in_the_table_the_documentation_and_the_help(run: Run) -> None:
    source = (ROOT / "compliance" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"(COMPLIANCE_[A-Z_]+)"', source))
    listed = {setting.name for setting in SETTINGS}
    documented = set(
        re.findall(r"^\| `(COMPLIANCE_[A-Z_]+)`", read_doc("configuration.md"), re.MULTILINE)
    )
    assert read == listed == documented
    shown = run("run", "--help").stdout
    assert all(f"{setting.name} [{setting.default}]" in shown for setting in SETTINGS)


def test_the_documented_defaults_are_those_of_the_table() -> None:
    text = read_doc("configuration.md").replace("`", "")
    for setting in SETTINGS:
        assert f"| {setting.name} | {setting.default} |" in text


def test_an_unknown_command_is_misuse(run: Run) -> None:
    assert run("nonsense").exit_code == 2


def read_doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")
