"""Writes the safetensors vectors beside this script, from the text of the format alone (no package needed).

    python3 goldens/safetensors/make.py        made with Python 3.11

types.safetensors: one small array for each type that Heed reads, with numbers that both sides can write down exactly.
float32.safetensors: what SafetensorsWriter must produce, byte for byte (see SafetensorsWriterTests).
"""
import json
import struct
from pathlib import Path


def write(path, arrays, metadata):
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, dtype, shape, raw in arrays:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


folder = Path(__file__).parent
halves = [0.5, -2.0, 65504.0, 6.103515625e-05, 5.960464477539063e-08, float("inf")]
bf16 = b"".join(struct.pack("<f", x)[2:] for x in [1.0, -0.5, 3.140625, 2.0**-126])
write(folder / "types.safetensors", [
    ("double", "F64", [2, 2], struct.pack("<4d", 0.1, -1e300, 1.0 + 2.0**-30, 2.0)),
    ("flags", "BOOL", [3], bytes([1, 0, 1])),
    ("byte", "U8", [1], bytes([200])),
    ("half", "F16", [2, 3], struct.pack("<6e", *halves)),
    ("brain", "BF16", [4], bf16),
    ("long", "I64", [], struct.pack("<q", -9_000_000_000)),
    ("int", "I32", [2], struct.pack("<2i", -7, 2_000_000_000)),
    ("single", "F32", [1, 3], struct.pack("<3f", 0.1, -0.0, 1e-45)),
    ("nothing", "F32", [0, 5], b""),
], {"format": "pt"})
write(folder / "float32.safetensors", [
    ("Zeta", "F32", [2], struct.pack("<2f", 1.5, -2.5)),
    ("alpha.weight", "F32", [2, 3], struct.pack("<6f", *[i / 8 for i in range(6)])),
    ("scalar", "F32", [], struct.pack("<f", 7.0)),
    ("λ", "F32", [0], b""),
], {"a": "first", "b": "second"})
