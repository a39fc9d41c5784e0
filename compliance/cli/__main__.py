"""``python -m compliance.cli``, for processes that are started by another one."""

from compliance.cli import main

main(prog_name="compliance")
