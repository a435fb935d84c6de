"""A picture as it was sent, made safe to keep: its pixels, nothing else."""

from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_BYTES = 8_000_000
MOST_PIXELS = 40_000_000
"""Above what a telephone takes; a small file can claim to be a huge picture."""

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
            bare = ImageOps.exif_transpose(picture).convert("RGB")
            bare.info = {}
    except UNREADABLE as problem:
        raise ValidationError(
            {"photo": _("This is no PNG or JPEG picture that can be read.")}
        ) from problem
    out = BytesIO()
    bare.save(out, form)
    return out.getvalue(), FORMATS[form]
