"""Pictures kept in the database with what they belong to: PNG or JPEG, nothing else."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Picture(models.Model):
    """What every kept picture has; where it belongs is said by its table."""

    content = models.BinaryField()
    content_type = models.CharField(max_length=20)
    attached_at = models.DateTimeField(_("attached"))

    class Meta:
        abstract = True


def png_or_jpeg(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q(content_type__in=["image/png", "image/jpeg"]),
        violation_error_message=_("Attach a PNG or JPEG picture."),
    )
