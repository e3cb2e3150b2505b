"""Writes pictures/: small JPEGs of every kind, and beside each what libjpeg-turbo makes of it, as a PNG.

usage: python3 make_pictures.py        (Pillow, cjpeg and jpegtran of libjpeg-turbo; README.md says which made the committed files)
"""
import math
import pathlib
import subprocess

from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).resolve().parent / "pictures"
HERE.mkdir(exist_ok=True)


def scene(width, height, channels):
    """Waves of several lengths, an edge and a saturated corner."""
    data = bytearray()
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                value = 128 + 90 * math.sin(x / (3 + c)) * math.cos(y / (5 - c)) + (60 if x + 2 * y > width else -30)
                data.append(max(0, min(255, round(value))))
    return Image.frombytes({1: "L", 3: "RGB", 4: "CMYK"}[channels], (width, height), bytes(data))


def expect(name):
    """Stores what Pillow decodes; CMYK as Pillow's RGB, turned as EXIF asks."""
    with Image.open(HERE / f"{name}.jpg") as picture:
        picture = ImageOps.exif_transpose(picture)
        (picture.convert("RGB") if picture.mode == "CMYK" else picture).save(HERE / f"{name}.png", optimize=True)


def pillow(name, picture, **options):
    picture.save(HERE / f"{name}.jpg", **options)
    expect(name)


def as_ycck(name, source):
    """The samples of a CMYK file, said to be YCCK: Adobe's marker ends with a byte for the transform."""
    data = bytearray((HERE / f"{source}.jpg").read_bytes())
    data[data.index(b"Adobe") + 11] = 2
    (HERE / f"{name}.jpg").write_bytes(data)
    expect(name)


def cjpeg(name, picture, *arguments, then=()):
    """Encodes with cjpeg; 'then' are arguments of jpegtran."""
    header = b"P6\n%d %d\n255\n" % picture.size
    data = subprocess.run(["cjpeg", *arguments], input=header + picture.tobytes(), stdout=subprocess.PIPE, check=True).stdout
    if then:
        data = subprocess.run(["jpegtran", *then], input=data, stdout=subprocess.PIPE, check=True).stdout
    (HERE / f"{name}.jpg").write_bytes(data)


colour, grey = scene(33, 17, 3), scene(33, 17, 1)
pillow("grey", grey, quality=85)
pillow("dot", scene(1, 1, 3), quality=85)
pillow("narrow_420", scene(3, 21, 3), quality=85, subsampling="4:2:0")
pillow("units_420", scene(32, 16, 3), quality=85, subsampling="4:2:0")
pillow("cmyk", scene(33, 17, 4), quality=90)
as_ycck("ycck", "cmyk")
for sampling in ("4:4:4", "4:2:2", "4:2:0"):
    pillow("colour_" + sampling.replace(":", ""), colour, quality=85, subsampling=sampling)
    pillow("progressive_" + sampling.replace(":", ""), colour, quality=85, subsampling=sampling, progressive=True)
pillow("progressive_grey", grey, quality=40, progressive=True)
pillow("coarse", colour, quality=5)
pillow("fine", colour, quality=100, subsampling="4:4:4", optimize=True)
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pillow(f"turned_{orientation}", scene(19, 11, 3), quality=85, exif=exif)
for name, arguments, then in (
        ("colour_440", ["-quality", "85", "-sample", "1x2"], ()),
        ("colour_411", ["-quality", "85", "-sample", "4x1"], ()),
        ("colour_mixed", ["-quality", "85", "-sample", "2x2,2x1,1x2"], ()),
        ("restarts", ["-quality", "85", "-restart", "1B"], ()),
        ("progressive_restarts", ["-quality", "85", "-restart", "1", "-progressive"], ()),
        ("rgb", ["-quality", "90", "-rgb"], ()),
        ("separate_scans", ["-quality", "85"], ["-scans", "separate.txt"])):
    pathlib.Path("separate.txt").write_text("0;\n1;\n2;\n")
    cjpeg(name, colour, *arguments, then=then)
    pathlib.Path("separate.txt").unlink()
    expect(name)
cjpeg("refused_arithmetic", colour, "-arithmetic")
