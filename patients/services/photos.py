"""A picture as it was sent, made safe to keep: its pixels, nothing else."""

from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_BYTES = 8_000_000
MOST_PIXELS = 25_000_000
"""As much as a telephone takes; a small file can claim to be a huge picture."""

JPEG_QUALITY = 95
PNG_LEVEL = 1
"""Fine detail stays, and a large picture is written within a second or two."""

GREYS = 257
"""16 bits of grey to 8."""

UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
)

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}


def cleaned(sent: bytes) -> tuple[bytes, str]:
    """Return a picture without metadata, upright, and its content type.

    Raises
    ------
    ValidationError
        For what is no PNG or JPEG by its content, or is too large.
    """
    if len(sent) > LARGEST_BYTES:
        raise ValidationError(
            {
                "photo": _("A picture has at most %(size)s MB.")
                % {"size": LARGEST_BYTES // 1_000_000}
            }
        )
    try:
        with Image.open(BytesIO(sent), formats=list(FORMATS)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError({"photo": _("This picture is too large.")})
            form = "PNG" if picture.format == "PNG" else "JPEG"
            bare = in_eight_bits(ImageOps.exif_transpose(picture))
            bare.info = {}
    except UNREADABLE as problem:
        raise ValidationError(
            {"photo": _("This is no PNG or JPEG picture that can be read.")}
        ) from problem
    out = BytesIO()
    bare.save(out, form, quality=JPEG_QUALITY, compress_level=PNG_LEVEL)
    return out.getvalue(), FORMATS[form]


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """Return grey as grey and all else as RGB; 16 bits of grey are scaled, not cut."""
    if picture.mode.startswith("I"):
        return picture.point(lambda grey: grey / GREYS).convert("L")
    grey = picture.mode in {"1", "L", "LA"}
    return picture.convert("L" if grey else "RGB")
