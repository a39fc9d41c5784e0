"""An empty signature field on a page, as it stands in the file."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.report.structure import text_string


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureField:
    """What somebody else may sign in, and where."""

    name: str
    """By which programs find it; ASCII."""

    spoken: str
    """What is read aloud there."""

    corners: tuple[int, int, int, int]
    """Left, low, right and high; whole points, which every program writes alike."""

    def widget(self, *, page: int, key: int, appearance: int) -> str:
        """Return field and widget in one dictionary.

        Args:
            page: object number of the page it lies on.
            key: of its element in the structure's parent tree.
            appearance: object number of what it shows while it is empty, which is nothing.
        """
        corners = " ".join(str(one) for one in self.corners)
        # Printed with the page (4): PDF/A asks for it, and for an appearance.
        return (
            f"<</Type/Annot/Subtype/Widget/FT/Sig/T({self.name})/TU<{text_string(self.spoken)}>/F 4"
            f"/Rect[{corners}]/P {page} 0 R/StructParent {key}/AP<</N {appearance} 0 R>>>>"
        )

    def appearance(self) -> str:
        """Return the entries of the stream that shows nothing."""
        left, low, right, high = self.corners
        return f"/Type/XObject/Subtype/Form/BBox[0 0 {right - left} {high - low}]/Resources<<>>"
