"""The grid and the type scale of a report.

Everything hangs on three verticals: the left edge, where marks and record numbers stand;
the body's left edge; and the right edge.
"""

from __future__ import annotations

from typing import Final

from compliance.report.canvas import PAGE_HEIGHT, PAGE_WIDTH, Rule, Style
from compliance.report.typefaces import Weight

LEFT: Final = 40.0
BODY: Final = 100.0
RIGHT: Final = PAGE_WIDTH - 40.0
TOP: Final = PAGE_HEIGHT - 54.0
"""Where content begins under the running header."""

BOTTOM: Final = 46.0
"""Where content ends above the footer."""

HEADER: Final = PAGE_HEIGHT - 34.0
FOOTER: Final = 30.0
"""Baselines of the furniture."""

_QUIET: Final = 0.35
"""Seven to one against white: quieter than black and still readable when copied."""

CLINIC: Final = Style(weight=Weight.BOLD, size=24, leading=28)
HEADING: Final = Style(weight=Weight.BOLD, size=15, leading=19)
PERIOD: Final = Style(size=13, leading=17)
VERDICT: Final = Style(weight=Weight.BOLD, size=10.5, leading=14)
SECTION: Final = Style(weight=Weight.BOLD, size=9.5, leading=13)
BODY_TEXT: Final = Style(size=8.5, leading=11.5)
BODY_STRONG: Final = Style(weight=Weight.BOLD, size=8.5, leading=11.5)
BODY_QUIET: Final = Style(size=8.5, leading=11.5, grey=_QUIET)
FIGURE: Final = Style(weight=Weight.BOLD, size=19, leading=22)
FIGURE_ZERO: Final = Style(size=19, leading=22, grey=_QUIET)
CELL: Final = Style(size=7.3, leading=8.7)
CELL_STRONG: Final = Style(weight=Weight.BOLD, size=7.3, leading=8.7)
CELL_QUIET: Final = Style(size=7.3, leading=8.7, grey=_QUIET)
LABEL: Final = Style(size=6.6, leading=8.7, grey=_QUIET)
MARK: Final = Style(weight=Weight.BOLD, size=7.3, leading=8.7)
NUMBER: Final = Style(weight=Weight.BOLD, size=10.5, leading=13)
TITLE: Final = Style(weight=Weight.BOLD, size=10.5, leading=13)
FURNITURE: Final = Style(size=7.2, leading=9, grey=_QUIET)
FURNITURE_STRONG: Final = Style(weight=Weight.BOLD, size=7.2, leading=9)
HEX: Final = Style(size=8.2, leading=11.5)
HEX_SMALL: Final = Style(size=6.2, leading=8.7, grey=_QUIET)
STATE: Final = Style(size=10.5, leading=13)
STATE_STRONG: Final = Style(weight=Weight.BOLD, size=9, leading=13)

HEAVY: Final = Rule(thick=1.2)
"""Begins a session or a part of page 1."""

FINE: Final = Rule(thick=0.5)
"""Under headings of columns and groups."""

HAIR: Final = Rule(thick=0.4, grey=0.7)
"""Between rows; guides the eye and carries no meaning."""
