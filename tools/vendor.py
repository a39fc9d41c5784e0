"""Make static/vendor again from the locked npm packages.

    python tools/vendor.py            write the folders
    python tools/vendor.py --check    say whether the committed folders equal the locked packages

npm verifies the sha512 of every package in tools/package-lock.json. The lock names no
registry, so the one configured for npm is used. No script of a package is run.
The results are committed: building or running Aseptrail needs neither node nor a network.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent
LICENCES = {
    "dejavu-fonts-ttf": "Bitstream-Vera AND LicenseRef-DejaVu-public-domain",
    # The wrapper is MIT; zxing-cpp inside the wasm file is Apache-2.0, as Aseptrail itself.
    "zxing-wasm": "MIT AND Apache-2.0",
}

# destination folder: package: {file in the package: name in the folder}
FILES: dict[str, dict[str, dict[str, str]]] = {
    "static/vendor": {
        "htmx.org": {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE"},
        "signature_pad": {
            "dist/signature_pad.umd.min.js": "signature_pad.umd.min.js",
            "LICENSE": "signature_pad.LICENSE",
        },
        "uplot": {
            "dist/uPlot.iife.min.js": "uplot.iife.min.js",
            "dist/uPlot.min.css": "uplot.min.css",
            "LICENSE": "uplot.LICENSE",
        },
        "zxing-wasm": {
            "dist/iife/reader/index.js": "zxing_reader.js",
            "dist/reader/zxing_reader.wasm": "zxing_reader.wasm",
            "LICENSE": "zxing_reader.LICENSE",
        },
        "@ibm/plex-sans": {
            "fonts/complete/woff2/IBMPlexSans-Regular.woff2": "fonts/IBMPlexSans-Regular.woff2",
            "fonts/complete/woff2/IBMPlexSans-SemiBold.woff2": "fonts/IBMPlexSans-SemiBold.woff2",
            "fonts/complete/woff/IBMPlexSans-Regular.woff": "fonts/IBMPlexSans-Regular.ttf",
            "fonts/complete/woff/IBMPlexSans-SemiBold.woff": "fonts/IBMPlexSans-SemiBold.ttf",
            "LICENSE.txt": "fonts/IBMPlexSans.LICENSE",
        },
        "dejavu-fonts-ttf": {
            "ttf/DejaVuSans.ttf": "fonts/DejaVuSans.ttf",
            "ttf/DejaVuSans-Bold.ttf": "fonts/DejaVuSans-Bold.ttf",
            "LICENSE": "fonts/DejaVuSans.LICENSE",
        },
    },
    "tests/browser/vendor": {
        "axe-core": {"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE"},
    },
}


def unwrap_woff(data: bytes) -> bytes:
    """Return the TrueType font inside a WOFF 1.0 file, table for table unchanged."""
    signature, flavor, _, count = struct.unpack(">4sIIH", data[:14])
    if signature != b"wOFF" or flavor != 0x00010000:
        raise ValueError("not a WOFF file with TrueType outlines")
    tables = [struct.unpack(">4sIIII", data[44 + 20 * n : 64 + 20 * n]) for n in range(count)]
    log2 = count.bit_length() - 1
    head = struct.pack(">IHHHH", flavor, count, 16 << log2, log2, 16 * count - (16 << log2))
    at = len(head) + 16 * count
    records: dict[bytes, bytes] = {}
    body = b""
    for tag, offset, packed, size, checksum in sorted(tables, key=lambda t: t[1]):
        raw = data[offset : offset + packed]
        table = zlib.decompress(raw) if packed < size else raw
        if len(table) != size:
            raise ValueError(f"table {tag!r} has {len(table)} bytes, {size} were promised")
        records[tag] = struct.pack(">4sIII", tag, checksum, at + len(body), size)
        body += table + b"\0" * (-size % 4)
    return head + b"".join(records[tag] for tag in sorted(records)) + body


def install(node_modules: Path) -> None:
    """Install the locked packages beside a copy of the lock, so that the checkout stays clean."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(TOOLS / name, node_modules.parent / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=node_modules.parent, check=True)


def collect(node_modules: Path) -> dict[str, bytes]:
    """Return every vendored file by its path in the repository, manifests included."""
    out: dict[str, bytes] = {}
    for folder, packages in FILES.items():
        manifest: dict[str, dict[str, str]] = {}
        for package, files in sorted(packages.items()):
            meta = json.loads((node_modules / package / "package.json").read_text("utf-8"))
            licence = LICENCES.get(package, meta["license"])
            for source, name in files.items():
                data = (node_modules / package / source).read_bytes()
                if source.endswith(".woff"):
                    data = unwrap_woff(data)
                out[f"{folder}/{name}"] = data
                digest = base64.b64encode(hashlib.sha384(data).digest()).decode()
                manifest[name] = {
                    "package": package,
                    "version": meta["version"],
                    "licence": licence,
                    "source": source,
                    "integrity": f"sha384-{digest}",
                }
        text = json.dumps(dict(sorted(manifest.items())), indent=1, ensure_ascii=False)
        out[f"{folder}/MANIFEST.json"] = (text + "\n").encode()
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        node_modules = Path(scratch) / "node_modules"
        install(node_modules)
        wanted = collect(node_modules)
    present = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for folder in FILES
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    if check:
        wrong = sorted(n for n in wanted.keys() | present.keys() if wanted.get(n) != present.get(n))
        for name in wrong:
            print(f"differs: {name}", file=sys.stderr)
        return 1 if wrong else 0
    for name in present.keys() - wanted.keys():
        (ROOT / name).unlink()
    for name, data in wanted.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_bytes(data)
    print(f"{len(wanted)} files, {sum(map(len, wanted.values())) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
