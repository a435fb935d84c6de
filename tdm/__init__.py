"""The root: composes both rooms, owns no tables, is imported by nobody."""

from tdm.celery import app as celery_app

__all__ = ["celery_app"]
